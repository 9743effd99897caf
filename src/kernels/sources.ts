import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { COMPILER_FLAGS, INSTRUCTION_SETS } from './instruction-set.ts'

export interface KernelSources {
  /** Files to compile. */
  readonly files: readonly string[]
  /** Hash of all sources and of the compiler's flags: a library of another hash is of another build. */
  readonly hash: string
}

/** The kernels' sources in `folder`; undefined: there are none. */
export function kernelSources(folder: string): KernelSources | undefined {
  try {
    const names = readdirSync(folder)
      .filter((name) => /\.(cpp|h)$/.test(name))
      .sort()
    const hash = createHash('sha256').update(JSON.stringify([COMPILER_FLAGS, INSTRUCTION_SETS]))
    for (const name of names) hash.update(`\0${name}\0`).update(readFileSync(join(folder, name)))
    const files = names.filter((name) => name.endsWith('.cpp')).map((name) => join(folder, name))
    return files.length > 0 ? { files, hash: hash.digest('hex') } : undefined
  } catch {
    return undefined
  }
}

/** SHA-256 of a file, hexadecimal; undefined: it cannot be read. */
export function fileHash(file: string): string | undefined {
  try {
    return createHash('sha256').update(readFileSync(file)).digest('hex')
  } catch {
    return undefined
  }
}
