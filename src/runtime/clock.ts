import type { Timings } from '../api/types.ts'
import type { ScheduledSession } from '../core/decoding/scheduler.ts'

/**
 * Times as llama.cpp reports them: the prompt up to the first tokens, then decoding. What the draft model does before them, reading the prompt above all,
 * is decoding: plain decoding would not do it.
 */
export class Clock {
  tokens = 0
  readonly #spent: ScheduledSession['spent']
  readonly #start = performance.now()
  #first: { at: number; drafting: number } | undefined
  #last = this.#start

  constructor({ spent }: Pick<ScheduledSession, 'spent'>) {
    this.#spent = spent
  }

  emitted(count: number): void {
    this.tokens += count
    this.#last = performance.now()
    this.#first ??= { at: this.#last, drafting: this.#spent.draft }
  }

  timings(): Timings {
    const first = this.#first ?? { at: performance.now(), drafting: 0 }
    const predictedMs = Math.max(0, this.#last - first.at) + first.drafting
    const { draft, target, own } = this.#spent
    return {
      promptMs: Math.max(0, first.at - this.#start - first.drafting),
      predictedMs,
      // The first token comes with the prompt.
      predictedPerSecond: predictedMs > 0 ? (Math.max(0, this.tokens - 1) / predictedMs) * 1000 : 0,
      engineMs: draft + target,
      draftMs: draft,
      targetMs: target,
      ownMs: own,
    }
  }
}
