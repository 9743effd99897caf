import picocolors from 'picocolors'
import { OriginPieces } from '../../api/origin-pieces.ts'
import type { GenerationStep } from '../../api/types.ts'
import type { Origin } from '../../core/token.ts'
import type { Terminal } from './terminal.ts'

export type ColorWhen = 'auto' | 'always' | 'never'

export type Paint = ReturnType<typeof picocolors.createColors>

/** Whether to color: `auto` = standard output is a terminal and NO_COLOR is not set. */
export function wantsColor(when: ColorWhen, terminal: Terminal): boolean {
  if (when !== 'auto') return when === 'always'
  return Boolean(terminal.stdout.isTTY) && !terminal.env.NO_COLOR && terminal.env.TERM !== 'dumb'
}

/** Text in the color of its origin: target plain, draft green, phrase cyan. */
export function paintOrigin(paint: Paint, origin: Origin, text: string): string {
  if (origin === 'draft') return paint.green(text)
  return origin === 'phrase' ? paint.cyan(text) : text
}

export function legend(paint: Paint): string {
  const names: [Origin, string][] = [
    ['target', 'target model'],
    ['draft', 'draft model'],
    ['phrase', 'phrase'],
  ]
  return names.map(([origin, name]) => paintOrigin(paint, origin, `■ ${name}`)).join('  ')
}

/** Colors a stream of steps. */
export class OriginPainter {
  readonly #paint: Paint
  readonly #pieces = new OriginPieces()

  constructor(color: boolean) {
    this.#paint = picocolors.createColors(color)
  }

  paint(step: GenerationStep): string {
    return this.#pieces
      .cut(step)
      .map(({ origin, text }) => paintOrigin(this.#paint, origin, text))
      .join('')
  }
}
