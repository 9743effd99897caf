import { SingleBar } from 'cli-progress'
import { percentOf } from '../engines/build.ts'
import type { Output } from './terminal.ts'

/** Shows how far a compilation is, on standard error: a bar on a terminal, else a line per tenth. */
export class BuildView {
  readonly #out: Output
  readonly #title: string
  #bar: SingleBar | undefined
  #told = -1

  constructor(out: Output, name: string) {
    this.#out = out
    this.#title = `compiling ${name}`
  }

  /** One line of cmake or make; those without a percentage are passed over. */
  hear(line: string): void {
    const percent = percentOf(line)
    if (percent === undefined || percent <= this.#told) return
    if (this.#out.isTTY) this.#draw(percent)
    else if (Math.floor(percent / 10) > Math.floor(this.#told / 10)) this.#out.write(`${this.#title}: ${percent}%\n`)
    this.#told = percent
  }

  /** Leaves the last state on the screen. */
  end(): void {
    this.#bar?.stop()
    this.#bar = undefined
  }

  #draw(percent: number): void {
    if (!this.#bar) {
      const format = `${this.#title} [{bar}] {percentage}%`
      this.#bar = new SingleBar({ format, stream: this.#out as NodeJS.WriteStream, barsize: 24, gracefulExit: false })
      this.#bar.start(100, percent)
    } else this.#bar.update(percent)
  }
}
