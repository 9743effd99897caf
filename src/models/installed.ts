import { readdir, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { catalog } from './catalog.ts'
import { homeFolder, modelsFolder } from './home.ts'
import { partsOf } from './split.ts'

/** A model of the catalog, or another file in the models folder. */
export interface InstalledModel {
  /** Name in the catalog, or `null` for other files. */
  id: string | null
  /** Of a split model the first part. */
  path: string
  /** Bytes on disk, a partial download's included. */
  bytes: number
  /** Bytes of the whole file; `null` where unknown. */
  total: number | null
  state: 'ready' | 'partial' | 'absent'
  license: string | null
  description: string | null
  draft: string | null
}

/** The catalog's models in its order, then the other GGUF files by name. A folder that cannot be read counts as empty. */
export async function installedModels(home: string = homeFolder()): Promise<InstalledModel[]> {
  const folder = modelsFolder(home)
  const entries = await Promise.all(
    catalog.map(async ({ id, file, bytes, license, description, draft }) => {
      const path = join(folder, file)
      const found = await stateOf(path)
      const total = bytes ?? (found.state === 'ready' ? found.bytes : null)
      return { id, path, total, license: license ?? null, description, draft: draft ?? null, ...found }
    }),
  )
  const names = await readdir(folder, { recursive: true }).catch(() => [])
  const others = new Set(
    names.filter((name) => /\.gguf(\.partial)?$/.test(name)).map((name) => partsOf(join(folder, name.replace(/\.partial$/, '')))[0]),
  )
  for (const { path } of entries) others.delete(path)
  const rest = await Promise.all(
    [...others].sort().map(async (path) => {
      const found = await stateOf(path)
      const total = found.state === 'ready' ? found.bytes : null
      return { id: null, path, total, license: null, description: relative(folder, path), draft: null, ...found }
    }),
  )
  return [...entries, ...rest]
}

/** Of all parts together, if it is a split model's first part. */
async function stateOf(path: string): Promise<Pick<InstalledModel, 'bytes' | 'state'>> {
  const parts = await Promise.all(partsOf(path).map(stateOfFile))
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0)
  const first = parts[0] as (typeof parts)[0]
  return { bytes, state: parts.every(({ state }) => state === first.state) ? first.state : 'partial' }
}

async function stateOfFile(path: string): Promise<Pick<InstalledModel, 'bytes' | 'state'>> {
  const size = (name: string): Promise<number | undefined> =>
    stat(name).then(
      (found) => found.size,
      () => undefined,
    )
  const whole = await size(path)
  if (whole !== undefined) return { bytes: whole, state: 'ready' }
  const part = await size(`${path}.partial`)
  return part === undefined ? { bytes: 0, state: 'absent' } : { bytes: part, state: 'partial' }
}
