import { join, resolve } from 'node:path'
import { catalog, findEntry, type WheelPart } from './catalog.ts'
import { type HubFile, parseHubFile } from './hub-file.ts'

/** A model file as someone named it. */
export interface ModelSpec {
  /** Where it is, or will be once pulled. */
  readonly path: string
  /** What can be pulled; absent for a plain path. */
  readonly pullable?: Pullable
}

export interface Pullable {
  readonly home: HubFile
  readonly wheels: readonly WheelPart[]
  readonly bytes?: number
  readonly sha256?: string
}

/** Reads a catalog id, `hf:owner/repo/file.gguf`, the file's address on the hub, or a path. `folder`: of the models. */
export function parseSpec(text: string, folder: string): ModelSpec {
  const named = findEntry(text)
  if (named) return { path: join(folder, named.file), pullable: named }
  const home = parseHubFile(text)
  if (!home) return { path: resolve(text) }
  const entry = catalog.find(
    (entry) => entry.home.repo === home.repo && entry.home.file === home.file && entry.home.revision === home.revision,
  )
  if (entry) return { path: join(folder, entry.file), pullable: entry }
  const revision = home.revision === 'main' ? [] : [`@${home.revision}`]
  return { path: join(folder, ...home.repo.split('/'), ...revision, ...home.file.split('/')), pullable: { home, wheels: [] } }
}
