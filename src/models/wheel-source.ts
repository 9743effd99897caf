import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { WheelPart } from './catalog-entry.ts'
import { requireSpace } from './disk-space.ts'
import type { PartialFile } from './partial-file.ts'
import { downloadWheel } from './pip.ts'
import type { Delivery, Job, Source } from './source.ts'
import { readWheelEntry } from './wheel-entry.ts'

/** The same bytes as entries of Python wheels, fetched one wheel at a time. */
export class WheelSource implements Source {
  readonly name = 'Python wheels'
  readonly #parts: readonly WheelPart[]
  readonly #python: string

  constructor(parts: readonly WheelPart[], python: string) {
    this.#parts = parts
    this.#python = python
  }

  async fetch(partial: PartialFile, job: Job): Promise<Delivery> {
    const total = this.#parts.reduce((sum, part) => sum + part.bytes, 0)
    const prefix = `${basename(partial.path)}-wheel-`
    await sweep(partial.folder, prefix)
    let start = 0
    for (const part of this.#parts) {
      const end = start + part.bytes
      if (partial.length < end) {
        // pip has a temporary copy of the wheel next to the one that it delivers.
        await requireSpace(partial.folder, total - partial.length + 2 * part.bytes)
        const folder = await mkdtemp(join(partial.folder, prefix))
        try {
          await this.#append(part, start, folder, partial, job)
        } finally {
          await rm(folder, { recursive: true, force: true })
        }
      }
      start = end
    }
    return { bytes: total }
  }

  /** An earlier pull may have ended inside this part, which begins at `start` of the file. */
  async #append(part: WheelPart, start: number, folder: string, partial: PartialFile, job: Job): Promise<void> {
    const onBytes = (bytes: number): void => job.onBytes(Math.max(partial.length, start + Math.min(bytes, part.bytes)))
    onBytes(0)
    const wheel = await downloadWheel(part.name, part.version, { python: this.#python, folder, signal: job.signal, onBytes })
    let had = partial.length - start
    for await (const chunk of readWheelEntry(wheel, part)) {
      job.signal.throwIfAborted()
      if (had < chunk.length) await partial.append(chunk.subarray(had))
      had -= Math.min(had, chunk.length)
      job.onBytes(partial.length)
    }
  }
}

/** Removes what a killed pull has left. */
async function sweep(folder: string, prefix: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.startsWith(prefix)) await rm(join(folder, name), { recursive: true, force: true })
  }
}
