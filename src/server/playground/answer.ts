import { type Signal, signal } from '@preact/signals'
import { type OriginPiece, OriginPieces } from '../../api/origin-pieces.ts'
import type { StepTrace } from '../../api/types.ts'
import type { Origin } from '../../core/token.ts'
import type { StepBody, TimingsBody } from '../response-schemas.ts'

/** One step as the page keeps it. */
export interface Step {
  /** From 1. */
  readonly number: number
  /** Milliseconds since the answer's first step. */
  readonly ms: number
  readonly pieces: readonly OriginPiece[]
  /** Tokens in it. */
  readonly length: number
  /** Tokens that the target looked at: 1 and the tree. */
  readonly width?: number
  readonly pool?: number
  /** The last token's text where the target wrote it itself: its correction, or the one after all that it accepted. */
  readonly own?: string
  /** Gone for old steps of long conversations. */
  trace?: StepTrace
}

export type State = 'waiting' | 'writing' | 'done' | 'stopped' | 'failed'

/** Steps whose trees are kept, over all answers: memory stays flat however long the conversation is. */
const TRACES = 1000
const traced: Step[] = []

/** One answer, growing. What it says changes at most once a frame. */
export class Answer {
  readonly steps: Step[] = []
  readonly prompt: string
  readonly method: string
  readonly state: Signal<State> = signal('waiting')
  /** Counts changes that can be seen. */
  readonly version = signal(0)
  readonly origins: Record<Origin, number> = { target: 0, draft: 0, phrase: 0 }
  /** `lengths[n]`: steps that wrote n tokens. */
  readonly lengths: number[] = []
  text = ''
  tokens = 0
  failure = ''
  finish = ''
  timings: TimingsBody | undefined
  readonly #pieces = new OriginPieces()
  #began: number | undefined
  #last = 0
  #isDrawn = true

  constructor(prompt: string, method: string) {
    this.prompt = prompt
    this.method = method
  }

  push(body: StepBody, now = performance.now()): void {
    this.#began ??= now
    this.#last = now
    const { tokens, widths, trace } = body
    for (const { origin } of tokens) this.origins[origin]++
    while (this.lengths.length <= tokens.length) this.lengths.push(0)
    if (tokens.length > 0) this.lengths[tokens.length] = (this.lengths[tokens.length] as number) + 1
    this.tokens += tokens.length
    this.text += body.text
    const step: Step = {
      number: this.steps.length + 1,
      ms: now - this.#began,
      pieces: this.#pieces.cut(body),
      length: tokens.length,
      // The first pass reads the prompt as well.
      ...(widths && this.steps.length > 0 && { width: widths.target }),
      ...(trace?.pool && { pool: trace.pool.size }),
      ...(trace && tokens.length > trace.accepted.length && { own: tokens.at(-1)?.text ?? '' }),
      ...(trace && { trace: trace as StepTrace }),
    }
    this.steps.push(step)
    if (trace && traced.push(step) > TRACES) delete traced.shift()?.trace
    this.state.value = 'writing'
    this.#changed()
  }

  end(state: 'done' | 'stopped' | 'failed', about: { finish?: string; failure?: string; timings?: TimingsBody | undefined } = {}): void {
    this.finish = about.finish ?? ''
    this.failure = about.failure ?? ''
    this.timings = about.timings
    this.state.value = state
    this.version.value++
  }

  get isRunning(): boolean {
    return this.state.value === 'waiting' || this.state.value === 'writing'
  }

  /** Tokens per second from the first step on, as far as it is known. */
  get speed(): number {
    if (this.timings) return this.timings.predicted_per_second
    const ms = this.#last - (this.#began ?? 0)
    return ms > 0 ? ((this.tokens - (this.steps[0]?.length ?? 0)) / ms) * 1000 : 0
  }

  /** Tokens per step. */
  get acceptance(): number {
    const steps = this.lengths.reduce((sum, count) => sum + count, 0)
    return steps > 0 ? this.tokens / steps : 0
  }

  #changed(): void {
    if (!this.#isDrawn) return
    this.#isDrawn = false
    requestAnimationFrame(() => {
      this.#isDrawn = true
      this.version.value++
    })
  }
}
