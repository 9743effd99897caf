import { accessSync, constants, renameSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { OuroborosError } from '../../core/errors.ts'

/** Replaces a file's text whole: a reader never sees half of it. Throws `E_FILE`. */
export function writeText(file: string, text: string): void {
  try {
    writeFileSync(`${file}.part`, text)
    renameSync(`${file}.part`, file)
  } catch (cause) {
    throw new OuroborosError('E_FILE', `cannot write ${file}: ${(cause as Error).message}`, { cause })
  }
}

/** Throws `E_FILE` if the file could not be written: better known before minutes of work than after. */
export function checkWritable(file: string): void {
  try {
    accessSync(dirname(file), constants.W_OK)
    if (statSync(file, { throwIfNoEntry: false })?.isDirectory()) throw new Error('it is a folder')
  } catch (cause) {
    throw new OuroborosError('E_FILE', `cannot write ${file}: ${(cause as Error).message}`, { cause })
  }
}
