import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'

/** sha256 of a file, lower-case hex. */
export async function sha256Of(path: string, signal: AbortSignal, onBytes: (bytes: number) => void): Promise<string> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20, signal })) {
    hash.update(chunk as Buffer)
    bytes += (chunk as Buffer).length
    onBytes(bytes)
  }
  return hash.digest('hex')
}
