import type { Timings } from '../api/types.ts'
import type { ScheduledSession } from '../core/decoding/scheduler.ts'

/** Times as llama.cpp reports them: the prompt up to the first tokens, then decoding. */
export class Clock {
  tokens = 0
  readonly #spent: ScheduledSession['spent']
  readonly #start = performance.now()
  #first: { at: number; tokens: number } | undefined
  #last = this.#start

  constructor({ spent }: Pick<ScheduledSession, 'spent'>) {
    this.#spent = spent
  }

  emitted(count: number): void {
    this.tokens += count
    this.#last = performance.now()
    this.#first ??= { at: this.#last, tokens: count }
  }

  timings(): Timings {
    const first = this.#first ?? { at: performance.now(), tokens: 0 }
    const predictedMs = Math.max(0, this.#last - first.at)
    const { draft, target, own } = this.#spent
    return {
      promptMs: first.at - this.#start,
      predictedMs,
      // The first step's tokens came with the prompt; the rate is that of the steps after it.
      predictedPerSecond: predictedMs > 0 ? ((this.tokens - first.tokens) / predictedMs) * 1000 : 0,
      engineMs: draft + target,
      draftMs: draft,
      targetMs: target,
      ownMs: own,
    }
  }
}
