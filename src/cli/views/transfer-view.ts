import { SingleBar } from 'cli-progress'
import type { PullEvent } from '../../models/pull-event.ts'
import type { Output } from './terminal.ts'
import { formatBytes, formatSeconds } from './units.ts'

const LINE_EVERY_MS = 5000

/** Shows pulls on standard error: a bar on a terminal, else a line every few seconds. */
export class TransferView {
  readonly #out: Output
  #bar: SingleBar | undefined
  #about = ''
  #lineAt = 0

  constructor(out: Output) {
    this.#out = out
  }

  show(event: PullEvent): void {
    const about = `${event.phase} ${event.file} ${event.source ?? ''}`
    const changed = about !== this.#about
    if (changed) {
      this.end()
      this.#about = about
    }
    if (event.phase === 'wait') this.#line(`${event.file}: another process is at it, waiting (a killed one is noticed after 5 seconds)`)
    else if (this.#out.isTTY) this.#draw(event)
    else if (changed || event.bytes === event.total || Date.now() - this.#lineAt >= LINE_EVERY_MS) {
      this.#line(`${title(event)}: ${quantities(event)}`)
    }
  }

  /** Leaves the last state on the screen. */
  end(): void {
    this.#bar?.stop()
    this.#bar = undefined
    this.#about = ''
  }

  #line(text: string): void {
    this.#lineAt = Date.now()
    this.#out.write(`${text}\n`)
  }

  #draw(event: PullEvent): void {
    const total = event.total ?? event.bytes
    const payload = { quantities: quantities(event) }
    if (!this.#bar) {
      const format = `${title(event)} [{bar}] {percentage}% {quantities}`
      this.#bar = new SingleBar({
        format,
        stream: this.#out as NodeJS.WriteStream,
        barsize: 24,
        fps: 10,
        barCompleteChar: '=',
        barIncompleteChar: ' ',
        gracefulExit: false,
      })
      this.#bar.start(total, event.bytes, payload)
    }
    this.#bar.setTotal(total)
    this.#bar.update(event.bytes, payload)
  }
}

function title({ phase, file, source }: PullEvent): string {
  return phase === 'verify' ? `checking ${file}` : `${file}${source ? ` from ${source}` : ''}`
}

function quantities({ bytes, total, rate, eta }: PullEvent): string {
  const parts = [total === undefined ? formatBytes(bytes) : `${formatBytes(bytes)} of ${formatBytes(total)}`]
  if (rate > 0) parts.push(`${formatBytes(rate)}/s`)
  if (eta !== undefined && bytes !== total) parts.push(`${formatSeconds(eta)} left`)
  return parts.join(', ')
}
