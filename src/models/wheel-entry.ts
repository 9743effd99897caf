import type { Readable } from 'node:stream'
import { openPromise, type ZipFile } from 'yauzl'
import type { WheelPart } from './catalog-entry.ts'
import { SourceFailure } from './source.ts'

/** The bytes of `part`'s entry in the wheel (a zip file) at `path`. */
export async function* readWheelEntry(path: string, part: WheelPart): AsyncGenerator<Uint8Array> {
  const what = `wheel ${part.name} ${part.version}`
  const zip = await openPromise(path, { lazyEntries: true, autoClose: false }).catch((error: Error) => {
    throw new SourceFailure(`${what} is damaged: ${error.message}`)
  })
  try {
    for await (const chunk of await openEntry(zip, part, what)) yield chunk as Uint8Array
  } catch (error) {
    throw error instanceof SourceFailure ? error : new SourceFailure(`${what} is damaged: ${(error as Error).message}`)
  } finally {
    zip.close()
  }
}

async function openEntry(zip: ZipFile, part: WheelPart, what: string): Promise<Readable> {
  for await (const entry of zip.eachEntry()) {
    if (entry.fileName !== part.entry) continue
    if (entry.uncompressedSize !== part.bytes)
      throw new SourceFailure(`${what} has ${entry.uncompressedSize} bytes of ${part.entry}, not ${part.bytes}`)
    return zip.openReadStreamPromise(entry)
  }
  throw new SourceFailure(`${what} has no ${part.entry}`)
}
