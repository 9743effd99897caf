import { setTimeout as sleep } from 'node:timers/promises'
import { OuroborosError } from '../core/errors.ts'
import { omitUndefined } from '../core/omit-undefined.ts'
import { requireSpace } from './disk-space.ts'
import { type HubFile, hubAddress } from './hub-file.ts'
import { type HubRecord, requestRecord } from './hub-record.ts'
import { type HubAnswer, type HubOptions, requestFile } from './hub-request.ts'
import type { PartialFile } from './partial-file.ts'
import { type Delivery, type Job, type Source, SourceFailure } from './source.ts'

const MOST_TRIES_WITHOUT_PROGRESS = 4
const STALLED_MS = 30_000

/** What the file must be, where that is known beforehand. */
export interface Promised {
  bytes?: number | undefined
  sha256?: string | undefined
}

/** The file's public home, over HTTPS; goes on after cut connections. */
export class HubSource implements Source {
  readonly name: string
  readonly #file: HubFile
  readonly #promised: Promised
  readonly #options: HubOptions
  /** What the hub's list says; null: it has none. */
  #record: HubRecord | null | undefined

  constructor(file: HubFile, promised: Promised, options: HubOptions) {
    this.name = new URL(options.hub).host
    this.#file = file
    this.#promised = promised
    this.#options = options
  }

  async fetch(partial: PartialFile, job: Job): Promise<Delivery> {
    let received = false
    for (let tries = 1; ; tries++) {
      const before = partial.length
      try {
        return await this.#attempt(partial, job)
      } catch (error) {
        job.signal.throwIfAborted()
        if (error instanceof OuroborosError || error instanceof SourceFailure) throw error
        if (partial.length > before) {
          received = true
          tries = 0
        }
        // Without a byte from here, the next source is likelier to help than patience.
        if (!received || tries >= MOST_TRIES_WITHOUT_PROGRESS) throw new SourceFailure(reason(error), { cause: error })
        await sleep(250 * 2 ** tries, undefined, { signal: job.signal })
      }
    }
  }

  async #attempt(partial: PartialFile, job: Job): Promise<Delivery> {
    const stalled = new AbortController()
    const signal = AbortSignal.any([job.signal, stalled.signal])
    // A checksum that is known beforehand needs no list.
    if (this.#record === undefined)
      this.#record = this.#promised.sha256 === undefined ? ((await requestRecord(this.#file, this.#options, signal)) ?? null) : null
    const record = this.#record
    const address = hubAddress(this.#options.hub, { ...this.#file, ...(record && { file: record.file }) })
    const answer = await requestFile(address, partial.length, this.#options, signal)
    this.#check(answer, { ...record, ...this.#promised })
    if (answer.start !== partial.length) await partial.truncate(answer.start)
    if (answer.total !== undefined) await requireSpace(partial.folder, answer.total - partial.length)

    const watch = setTimeout(() => stalled.abort(new Error(`no bytes for ${STALLED_MS / 1000} seconds`)), STALLED_MS)
    try {
      for await (const chunk of answer.body) {
        watch.refresh()
        await partial.append(chunk)
        job.onBytes(partial.length, answer.total)
      }
    } finally {
      clearTimeout(watch)
    }
    if (answer.total !== undefined && partial.length < answer.total)
      throw new Error(`connection cut after ${partial.length} of ${answer.total} bytes`)
    const sha256 = record?.sha256 ?? answer.sha256
    return { ...omitUndefined({ bytes: answer.total }), ...(sha256 && { sha256 }) }
  }

  /** Refuses another file of the same name before it is downloaded. */
  #check({ total, sha256 }: HubAnswer, { bytes, sha256: promised }: Promised): void {
    if (bytes !== undefined && total !== undefined && total !== bytes)
      throw new SourceFailure(`has another file of this name (${total} bytes, not ${bytes})`)
    if (promised && sha256 && sha256 !== promised) throw new SourceFailure(`has another file of this name (sha256 ${sha256})`)
  }
}

/** fetch hides what happened in `cause`. */
function reason(error: unknown): string {
  const { cause, message } = error as Error
  return cause instanceof Error && cause.message ? cause.message : message
}
