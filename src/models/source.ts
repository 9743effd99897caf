import type { PartialFile } from './partial-file.ts'

/** Somewhere to get a file from. */
export interface Source {
  /** For messages, e.g. `huggingface.co`. */
  readonly name: string
  /** Appends what `partial` lacks. Throws `SourceFailure` if this source cannot; other errors end the pull. */
  fetch(partial: PartialFile, job: Job): Promise<Delivery>
}

export interface Job {
  readonly signal: AbortSignal
  /** `bytes` of the file are had, or on their way; `total` where the source has told it. */
  onBytes(bytes: number, total?: number): void
}

/** What the source says about the whole file. */
export interface Delivery {
  bytes?: number
  sha256?: string
}

/** This source cannot deliver; another one may. The message is the reason, without the source's name. */
export class SourceFailure extends Error {}
