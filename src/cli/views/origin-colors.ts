import picocolors from 'picocolors'
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

/** Colors a stream of steps. What is printed is exactly the steps' text, which may lag behind the tokens' (stop strings). */
export class OriginPainter {
  readonly #paint: Paint
  readonly #waiting: { origin: Origin; text: string }[] = []

  constructor(color: boolean) {
    this.#paint = picocolors.createColors(color)
  }

  paint(step: GenerationStep): string {
    for (const { origin, text } of step.tokens) if (text !== '') this.#waiting.push({ origin, text })
    let rest = step.text
    let painted = ''
    while (rest !== '') {
      const next = this.#waiting[0] ?? { origin: 'target', text: rest }
      const piece = rest.slice(0, next.text.length)
      painted += paintOrigin(this.#paint, next.origin, piece)
      rest = rest.slice(piece.length)
      if (piece.length < next.text.length) next.text = next.text.slice(piece.length)
      else this.#waiting.shift()
    }
    return painted
  }
}
