import type { Plan } from '../../bench/runner.ts'
import type { Sample } from '../../bench/sample.ts'
import { percentOf } from '../../builds/cmake.ts'
import type { Terminal } from './terminal.ts'

/** Shows on standard error how far a benchmark is: one line that changes on a terminal, else a line per prompt. */
export class BenchProgress {
  readonly #terminal: Terminal
  #shown = false
  #told = ''

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  /** A prompt has been written by all methods of a round. */
  prompt(samples: readonly Sample[], { tasks }: Plan): void {
    const [first] = samples
    if (!first) return
    const prompts = tasks.find(({ task }) => task.name === first.task)?.prompts.measured.flat().length
    const speeds = [...new Map(samples.map(({ method, measured }) => [method, measured.tokensPerSecond.toFixed(1)]))]
    this.#write(`${first.target}, ${first.task} ${first.prompt + 1}/${prompts}: ${speeds.map((pair) => pair.join(' ')).join(', ')} tok/s`)
  }

  /** Something that is being done before anything is measured. */
  stage(line: string): void {
    this.#write(line)
  }

  /** A line of what compiles a program, if it says how far it is; in tenths where there is no terminal. */
  compiling(name: string, line: string): void {
    const percent = percentOf(line)
    if (percent === undefined) return
    const told = `compiling ${name}: ${this.#terminal.stderr.isTTY ? percent : 10 * Math.floor(percent / 10)} %`
    if (told !== this.#told) this.#write(told)
    this.#told = told
  }

  /** A line that stays. */
  note(line: string): void {
    this.end()
    this.#terminal.stderr.write(`${line}\n`)
  }

  /** Removes the line that changes. */
  end(): void {
    if (this.#shown) this.#terminal.stderr.write('\r\u001b[K')
    this.#shown = false
  }

  #write(line: string): void {
    const { stderr } = this.#terminal
    if (!stderr.isTTY) {
      stderr.write(`${line}\n`)
      return
    }
    stderr.write(`\r\u001b[K${line.slice(0, (stderr.columns ?? 80) - 1)}`)
    this.#shown = true
  }
}
