import { speed } from './stats-report.ts'

/** How fast an answer comes, as far as it has come; the clock starts with its first step. */
export class Pace {
  tokens = 0
  readonly #now: () => number
  #steps = 0
  #first = 0
  #began = 0
  #ms = 0

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** Counts a step. */
  add(tokens: number): void {
    if (this.#steps === 0) {
      this.#began = this.#now()
      this.#first = tokens
    }
    if (tokens > 0) this.#steps++
    this.tokens += tokens
    this.#ms = this.#now() - this.#began
  }

  /** Tokens per second; 0 until there is a second step. */
  get perSecond(): number {
    return this.#ms > 0 ? ((this.tokens - this.#first) / this.#ms) * 1000 : 0
  }

  /** "57 tokens, 20.1 tok/s, 2.31 per step" */
  toString(): string {
    const rate = this.perSecond > 0 ? `, ${speed(this.perSecond)}` : ''
    const perStep = this.tokens > this.#steps ? `, ${(this.tokens / this.#steps).toFixed(2)} per step` : ''
    return `${this.tokens} tokens${rate}${perStep}`
  }
}
