import picocolors from 'picocolors'
import { DEFAULT_METHOD } from '../../api/methods.ts'
import type { Engine, GenerateRequest } from '../../api/types.ts'
import { type Answer, answer } from '../views/answer.ts'
import { type Comparison, compareAnswers } from '../views/comparison.ts'
import { interruptible } from '../views/interrupt.ts'
import { LiveText } from '../views/live-text.ts'
import { legend } from '../views/origin-colors.ts'
import { Pace } from '../views/pace.ts'
import { speed } from '../views/stats-report.ts'
import type { Terminal } from '../views/terminal.ts'

/** Width of the labels, in columns. */
const LABEL = 17

/** `comparison` is absent if Ctrl-C came during plain decoding: then `last` is what plain decoding wrote. */
export interface Compared {
  last: Answer
  comparison?: Comparison
  isInterrupted: boolean
}

/**
 * Runs plain decoding, the method, and plain decoding again on one request: a machine that became faster or slower
 * meanwhile shows in the two plain speeds. `quiet` = write nothing to standard output.
 */
export async function compare(
  engine: Engine,
  request: GenerateRequest,
  terminal: Terminal,
  how: { color: boolean; quiet: boolean },
): Promise<Compared> {
  const paint = picocolors.createColors(how.color)
  return await interruptible(terminal, async (signal) => {
    if (!how.quiet) terminal.stderr.write(`${paint.bold('prompt'.padEnd(LABEL))}${excerpt(request)}\n`)
    const plainly = async (label: string) => {
      const counter = new Counter(terminal, paint.bold(label.padEnd(LABEL)))
      const given = await answer(engine, { ...request, method: 'vanilla', signal }, (step) => counter.add(step.tokens.length))
      counter.end(given)
      return given
    }
    const plain = await plainly('plain decoding')
    if (signal.aborted) return { last: plain, isInterrupted: true }

    const method = request.method ?? DEFAULT_METHOD
    if (!how.quiet) terminal.stdout.write(`${how.color ? paint.bold(method.padEnd(LABEL)) + legend(paint) : method}\n`)
    const { predictedPerSecond: before } = plain.result.timings
    const text = new LiveText(terminal, how.color, ({ perSecond }) =>
      before > 0 && perSecond > 0 ? `, ${(perSecond / before).toFixed(2)}x plain decoding's ${speed(before)}` : '',
    )
    const drafted = await answer(engine, { ...request, signal }, (step) => {
      if (!how.quiet) text.step(step)
    })
    text.end()
    if (!how.quiet) terminal.stdout.write('\n\n')
    if (signal.aborted) return { last: drafted, isInterrupted: true }
    const again = await plainly('plain again')
    return { last: drafted, comparison: compareAnswers(plain, drafted, signal.aborted ? undefined : again), isInterrupted: signal.aborted }
  })
}

/** The prompt's first line, cut. */
function excerpt({ prompt, messages }: GenerateRequest): string {
  const [line = '', ...more] = (prompt ?? messages?.at(-1)?.content ?? '').trim().split('\n')
  return line.length > 80 ? `${line.slice(0, 80)}...` : `${line}${more.length > 0 ? ' ...' : ''}`
}

/** "plain decoding   57 tokens, 20.1 tok/s" on standard error, on a terminal as it goes. */
class Counter {
  readonly #terminal: Terminal
  readonly #label: string
  readonly #pace = new Pace()

  constructor(terminal: Terminal, label: string) {
    this.#terminal = terminal
    this.#label = label
    if (terminal.stderr.isTTY) terminal.stderr.write(`${this.#label}...`)
  }

  add(tokens: number): void {
    this.#pace.add(tokens)
    if (this.#terminal.stderr.isTTY) this.#terminal.stderr.write(`\r${this.#label}${this.#pace}\u001b[K`)
  }

  end({ result }: Answer): void {
    const line = `${this.#label}${result.usage.completionTokens} tokens, ${speed(result.timings.predictedPerSecond)}`
    this.#terminal.stderr.write(`${this.#terminal.stderr.isTTY ? '\r\u001b[K' : ''}${line}\n\n`)
  }
}
