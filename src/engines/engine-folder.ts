import { existsSync } from 'node:fs'
import { chmod, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { OuroborosError } from '../core/errors.ts'
import { inspectLibrary } from '../engine/library-report.ts'
import { ENGINES, engineFolder, type FolderEngine, isFolderEngine } from '../engine/platform.ts'
import { withFileLock } from '../models/file-lock.ts'
import { ensureFolder } from '../models/home.ts'
import type { PullEvent } from '../models/pull-event.ts'

export interface EngineOptions {
  /** Downloads, and waiting for another process that is at it. */
  readonly onProgress?: (event: PullEvent) => void
  /** Python interpreter whose pip is asked. Default `python3`; on Windows `python`. */
  readonly python?: string
  readonly signal?: AbortSignal
}

/**
 * Fills an engine's folder unless it `isWhole`: `make` writes the libraries into a folder that gets the final name only after its
 * library was loaded, in another process. One process at a time. Returns the folder.
 */
export async function fillEngineFolder(
  engine: FolderEngine,
  isWhole: (folder: string) => boolean,
  options: EngineOptions,
  make: (folder: string, signal: AbortSignal) => Promise<void>,
): Promise<string> {
  const folder = engineFolder(engine)
  if (isWhole(folder)) return folder
  const [parent, name] = [dirname(folder), basename(folder)]
  await ensureFolder(parent)
  const { onProgress = () => {}, signal = new AbortController().signal } = options
  const onWait = () => onProgress({ phase: 'wait', file: name, bytes: 0, total: undefined, rate: 0, eta: undefined })
  await withFileLock(folder, { signal, onWait }, async (signal) => {
    if (isWhole(folder)) return
    await sweep(parent, `${name}.part-`)
    const part = await mkdtemp(join(parent, `${name}.part-`))
    try {
      const libraries = await mkdtemp(join(part, 'libraries-'))
      await make(libraries, signal)
      await inspectLibrary(libraries, signal)
      await chmod(libraries, 0o755) // others may use what one user has installed
      await rm(folder, { recursive: true, force: true }) // half of one, if anything
      await rename(libraries, folder)
    } finally {
      await rm(part, { recursive: true, force: true })
    }
  })
  return folder
}

/** Removes an installed engine; false: it was not there. Throws E_USAGE for a name that is none of theirs. */
export async function removeEngine(engine: string, signal: AbortSignal): Promise<boolean> {
  if (!isFolderEngine(engine)) {
    const what = engine === 'llama' ? 'the engine llama is an npm package' : `no such engine: ${engine}`
    throw new OuroborosError('E_USAGE', `${what}; ${ENGINES.filter(isFolderEngine).join(', ')} can be removed`)
  }
  const folder = engineFolder(engine)
  const parent = dirname(folder)
  if (!existsSync(folder)) return false
  await withFileLock(folder, { signal, onWait: () => {} }, async () => {
    // A half removed folder must not look whole either.
    const grave = await mkdtemp(join(parent, `${basename(folder)}.part-`))
    await rename(folder, join(grave, 'removed')).catch((cause: NodeJS.ErrnoException) => {
      throw new OuroborosError('E_FILE', `cannot remove ${folder} (${cause.code})`, { cause })
    })
    await rm(grave, { recursive: true, force: true })
  })
  return true
}

/** Removes what killed processes have left. */
async function sweep(parent: string, prefix: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (name.startsWith(prefix)) await rm(join(parent, name), { recursive: true, force: true })
  }
}
