import { readFileSync } from 'node:fs'
import { OuroborosError } from '../../core/errors.ts'

/** A file that the user named, as text. Throws `E_FILE`. */
export function readText(file: string): string {
  try {
    return decode(readFileSync(file), file)
  } catch (cause) {
    if (cause instanceof OuroborosError) throw cause
    throw new OuroborosError('E_FILE', `cannot read ${file}: ${reason(cause as NodeJS.ErrnoException)}`, { cause })
  }
}

/** UTF-8 without its byte order mark. `what`: where the bytes are from, for the error. Throws `E_FILE`. */
export function decode(bytes: Buffer, what: string): string {
  if (bytes.includes(0)) throw new OuroborosError('E_FILE', `${what} is not text: it contains zero bytes`)
  return bytes.toString('utf8').replace(/^\ufeff/, '')
}

function reason(cause: NodeJS.ErrnoException): string {
  const reasons: Record<string, string> = { ENOENT: 'no such file', EISDIR: 'it is a folder', EACCES: 'no permission' }
  return reasons[cause.code ?? ''] ?? cause.message
}
