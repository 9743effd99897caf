import picocolors from 'picocolors'
import type { GenerationStep } from '../../api/types.ts'
import { OriginPainter } from './origin-colors.ts'
import { Pace } from './pace.ts'
import type { Terminal } from './terminal.ts'

/** Makes sure that there is a row below, keeps the place, and goes to that row's beginning. */
const BELOW = '\u001bD\u001b[A\u001b7\u001b[B\r'
const BACK = '\u001b8'
const ERASE_BELOW = '\u001b[J'

/** Writes an answer as it comes; on a terminal with a line below it that says how fast, and how many tokens a step brings. */
export class LiveText {
  readonly #terminal: Terminal
  readonly #painter: OriginPainter
  readonly #note: (pace: Pace) => string
  readonly #pace = new Pace()
  readonly #isLive: boolean
  #shown = false

  /** `note`: more about the pace. */
  constructor(terminal: Terminal, color: boolean, note: (pace: Pace) => string = () => '') {
    this.#terminal = terminal
    this.#painter = new OriginPainter(color)
    this.#note = note
    this.#isLive = Boolean(terminal.stdout.isTTY && terminal.stderr.isTTY) && terminal.env.TERM !== 'dumb'
  }

  step(step: GenerationStep): void {
    const { stdout, stderr } = this.#terminal
    this.#pace.add(step.tokens.length)
    this.end()
    stdout.write(this.#painter.paint(step))
    if (!this.#isLive) return
    const line = `${this.#pace}${this.#note(this.#pace)}`.slice(0, (stderr.columns ?? 80) - 1)
    stderr.write(`${BELOW}${picocolors.createColors(!this.#terminal.env.NO_COLOR).dim(line)}${BACK}`)
    this.#shown = true
  }

  /** Removes the line. */
  end(): void {
    if (this.#shown) this.#terminal.stderr.write(ERASE_BELOW)
    this.#shown = false
  }
}
