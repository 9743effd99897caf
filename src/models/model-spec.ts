import { join, resolve } from 'node:path'
import { catalog, findEntry } from './catalog.ts'
import type { CatalogEntry, WheelPart } from './catalog-entry.ts'
import { type HubFile, parseHubFile } from './hub-file.ts'
import { partsOf } from './split.ts'

/** A model as someone named it. */
export interface ModelSpec {
  /** Where it is, or will be once pulled; of a split model the first part. */
  readonly path: string
  /** What can be pulled: one file, or a split model's parts in order; none for a plain path. */
  readonly files: readonly SpecFile[]
}

export interface SpecFile {
  readonly path: string
  readonly pullable: Pullable
}

export interface Pullable {
  readonly home: HubFile
  readonly wheels: readonly WheelPart[]
  readonly bytes?: number
  readonly sha256?: string
}

/**
 * Reads a catalog id, `hf:owner/repo/file.gguf`, the file's address on the hub, or a path; any part of a split model stands for
 * all. `folder`: of the models.
 */
export function parseSpec(text: string, folder: string): ModelSpec {
  const named = findEntry(text)
  if (named) return specOfEntry(named, folder)
  const home = parseHubFile(text)
  if (!home) return { path: resolve(text), files: [] }
  const entry = catalog.find(
    (entry) => entry.home.repo === home.repo && entry.home.file === partsOf(home.file)[0] && entry.home.revision === home.revision,
  )
  if (entry) return specOfEntry(entry, folder)
  const revision = home.revision === 'main' ? [] : [`@${home.revision}`]
  const files = partsOf(home.file).map((file) => ({
    path: join(folder, ...home.repo.split('/'), ...revision, ...file.split('/')),
    pullable: { home: { ...home, file }, wheels: [] },
  }))
  return specOf(files)
}

function specOfEntry(entry: CatalogEntry, folder: string): ModelSpec {
  const files = partsOf(entry.home.file)
  if (files.length === 1) return specOf([{ path: join(folder, entry.file), pullable: entry }])
  const paths = partsOf(join(folder, entry.file))
  return specOf(files.map((file, i) => ({ path: paths[i] as string, pullable: { home: { ...entry.home, file }, wheels: [] } })))
}

function specOf(files: readonly SpecFile[]): ModelSpec {
  return { path: (files[0] as SpecFile).path, files }
}
