import type { PullEvent } from './pull-event.ts'

const SPAN_MS = 5000
const PAUSE_MS = 100

/** Turns byte counts into events with rate and time left. */
export class ProgressMeter {
  readonly #about: Pick<PullEvent, 'phase' | 'file' | 'source'>
  readonly #report: (event: PullEvent) => void
  readonly #samples: { at: number; bytes: number }[] = []
  total: number | undefined

  constructor(about: Pick<PullEvent, 'phase' | 'file' | 'source'>, total: number | undefined, report: (event: PullEvent) => void) {
    this.#about = about
    this.total = total
    this.#report = report
  }

  /** `bytes` are had now. The first call sets where the rate counts from. */
  update(bytes: number, at = performance.now()): void {
    const samples = this.#samples
    const last = samples.at(-1)
    // Bytes seen on their way are counted again when they reach the file.
    const shown = last ? Math.max(bytes, last.bytes) : bytes
    if (last && at - last.at < PAUSE_MS && shown !== this.total) return
    samples.push({ at, bytes: shown })
    while (samples.length > 2 && at - (samples[0]?.at ?? at) > SPAN_MS) samples.shift()

    const first = samples[0] ?? { at, bytes: shown }
    const rate = at > first.at ? ((shown - first.bytes) * 1000) / (at - first.at) : 0
    const eta = this.total !== undefined && rate > 0 ? (this.total - shown) / rate : undefined
    this.#report({ ...this.#about, bytes: shown, total: this.total, rate, eta })
  }
}
