import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { LIBRARY_NAME } from './cache.ts'
import type { InstructionSet } from './instruction-set.ts'
import { fileHash } from './sources.ts'

/** `manifest.json` next to the prebuilt libraries of the npm package. */
export interface Manifest {
  /** Of the sources that they are made from. */
  readonly sourceHash: string
  readonly files: Partial<Record<InstructionSet, { readonly file: string; readonly sha256: string; readonly bytes: number }>>
}

/** File of a prebuilt library, relative to the folder of the manifest. */
export function prebuiltName(set: InstructionSet): string {
  return `${set}/${LIBRARY_NAME}`
}

/** The prebuilt library in `folder` for `set`, if it is of the sources with this hash; or what is wrong with it; undefined: there is none. */
export function prebuilt(
  folder: string,
  set: InstructionSet,
  sourceHash: string | undefined,
): { readonly file: string; readonly sha256: string } | { readonly reason: string } | undefined {
  const path = join(folder, 'manifest.json')
  if (!existsSync(path)) return undefined
  try {
    const manifest = JSON.parse(readFileSync(path, 'utf8')) as Manifest
    const entry = manifest.files[set]
    // In a clone whose sources have changed since, which is no damage.
    if (!entry || (sourceHash !== undefined && manifest.sourceHash !== sourceHash)) return undefined
    const file = join(folder, entry.file)
    return fileHash(file) === entry.sha256 ? { file, sha256: entry.sha256 } : { reason: `${file} is damaged` }
  } catch {
    return { reason: `${path} is damaged` }
  }
}
