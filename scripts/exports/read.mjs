// What a native library of any platform exports, read from the file: nothing is loaded.
import { isElf, readElf } from './elf.mjs'
import { isMachO, readMachO } from './mach-o.mjs'
import { isPe, readPe } from './pe.mjs'

/** The names that a library for `processor` ("x64", "arm64") exports. Throws an Error for what is no such library. */
export function exportsOf(bytes, processor) {
  if (bytes.length < 64) throw new Error('not a native library')
  const found = isElf(bytes) ? readElf(bytes) : isMachO(bytes) ? readMachO(bytes, processor) : isPe(bytes) ? readPe(bytes) : undefined
  if (!found) throw new Error('not a native library')
  if (found.processor !== processor) throw new Error(`it is for ${found.processor ?? 'another processor'}, not for ${processor}`)
  return found.names
}
