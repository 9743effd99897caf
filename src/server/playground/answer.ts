import { batch, type Signal, signal } from '@preact/signals'
import { OriginPieces } from '../../api/origin-pieces.ts'
import type { StepTrace } from '../../api/types.ts'
import type { Origin } from '../../core/token.ts'
import type { StepBody, TimingsBody } from '../response-schemas.ts'
import type { Step } from './step.ts'

export type State = 'waiting' | 'writing' | 'done' | 'stopped' | 'failed'

/** Steps whose trees are kept, over all answers: memory stays flat however long the conversation is. */
const TRACES = 1000
const traced: Step[] = []
const DRAW_MS = 100
const PULSE_MS = 400

/** One answer, growing. What it says changes at most every so often. */
export class Answer {
  readonly steps: Step[] = []
  readonly prompt: string
  readonly method: string
  readonly state: Signal<State> = signal('waiting')
  /** Changes with the text, many times a second. */
  readonly version = signal(0)
  /** Changes a few times a second: for numbers, which nobody reads faster. */
  readonly pulse = signal(0)
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
  #drawn = 0
  #pulsed = 0

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
    batch(() => {
      this.state.value = state
      this.version.value++
      this.pulse.value++
    })
  }

  get isRunning(): boolean {
    return this.state.value === 'waiting' || this.state.value === 'writing'
  }

  /** Tokens per second from the first step on, as far as it is known. */
  get speed(): number {
    if (this.timings) {
      const { predicted_per_second: speed, prompt_ms: ms } = this.timings
      return speed > 0 ? speed : (this.tokens / ms) * 1000 // all in one step: the one that read the prompt
    }
    const ms = this.#last - (this.#began ?? 0)
    return ms > 0 ? ((this.tokens - (this.steps[0]?.length ?? 0)) / ms) * 1000 : 0
  }

  /** Tokens per step. */
  get acceptance(): number {
    const steps = this.lengths.reduce((sum, count) => sum + count, 0)
    return steps > 0 ? this.tokens / steps : 0
  }

  /** Shows what came, in the next frame but a while after the last time: the machine that draws is the one that decodes. */
  #changed(): void {
    if (!this.#isDrawn) return
    this.#isDrawn = false
    const draw = (now: number) => {
      this.#isDrawn = true
      this.#drawn = now
      this.version.value++
      if (now - this.#pulsed < PULSE_MS) return
      this.#pulsed = now
      this.pulse.value++
    }
    setTimeout(() => requestAnimationFrame(draw), Math.max(0, this.#drawn + DRAW_MS - performance.now()))
  }
}
