import { basename } from 'node:path'
import { type Options, Presets, SingleBar } from 'cli-progress'
import type { Engine, LoadOptions } from '../../api/types.ts'
import { type LoadFlags, toLoadOptions } from '../flags/load-flags.ts'
import { Interrupted, interruptible } from '../views/interrupt.ts'
import type { Terminal } from '../views/terminal.ts'
import type { World } from './world.ts'

type Event = Parameters<NonNullable<LoadOptions['onProgress']>>[0]

const VERBS: Readonly<Record<Event['phase'], string>> = {
  pull: 'pulling',
  requantize: 'making the faster draft',
  kernels: 'kernels:',
  load: 'loading',
  calibrate: 'measuring the passes of',
  probe: 'comparing bits of passes of',
}

/** Loads (and pulls) the models of these flags, shows how far it is; Ctrl-C gives up. */
export async function loadWithProgress(
  world: World,
  flags: LoadFlags & { verbose?: boolean },
  more: Partial<LoadOptions> = {},
): Promise<Engine> {
  const { terminal } = world
  const progress = new LoadProgress(terminal)
  return await interruptible(terminal, async (signal) => {
    try {
      return await world.load({
        history: false, // what is measured starts cold; run and serve ask for theirs
        ...toLoadOptions(flags),
        ...more,
        ...(flags.verbose && { onLog: (line: string) => void terminal.stderr.write(`${line}\n`) }),
        onProgress: (event) => progress.show(event),
        onWarning: (line) => void terminal.stderr.write(`${line}\n`),
        signal,
      })
    } catch (error) {
      if (signal.aborted) throw new Interrupted()
      throw error
    } finally {
      progress.end()
    }
  })
}

/** Shows pulling and loading on standard error: a bar on a terminal, else a line per file and, when pulling, per tenth. */
export class LoadProgress {
  readonly #terminal: Terminal
  #bar: SingleBar | undefined
  #shown = ''

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  /** Shows one event. */
  show(event: Event): void {
    if (this.#terminal.stderr.isTTY) this.#draw(event)
    else this.#print(event)
  }

  /** Removes the bar. */
  end(): void {
    this.#bar?.stop()
    this.#bar = undefined
  }

  #draw(event: Event): void {
    const title = describe(event)
    if (!this.#bar) {
      const options: Options = {
        format: '{title} {bar} {percentage}%',
        stream: this.#terminal.stderr,
        barsize: 24,
        clearOnComplete: true,
        gracefulExit: false,
      }
      this.#bar = new SingleBar(options, Presets.rect)
      this.#bar.start(1, event.fraction, { title })
    } else this.#bar.update(event.fraction, { title })
  }

  #print(event: Event): void {
    const tenths = event.phase === 'pull' ? Math.floor(event.fraction * 10) : 0
    const key = `${event.phase} ${event.file} ${tenths}`
    if (key === this.#shown) return
    this.#shown = key
    this.#terminal.stderr.write(`${describe(event)}${event.phase === 'pull' ? ` ${tenths * 10}%` : ''}\n`)
  }
}

function describe(event: Event): string {
  return `${VERBS[event.phase]} ${event.phase === 'kernels' ? event.file : basename(event.file)}`
}
