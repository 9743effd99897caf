import type { Origin } from '../core/token.ts'

/** A piece of printed text and who wrote it. */
export interface OriginPiece {
  origin: Origin
  text: string
}

/** Cuts a stream of steps by origin. The pieces of a step are exactly its text, which may lag behind the tokens' (stop strings). */
export class OriginPieces {
  readonly #waiting: OriginPiece[] = []

  cut(step: { readonly text: string; readonly tokens: readonly Readonly<OriginPiece>[] }): OriginPiece[] {
    for (const { origin, text } of step.tokens) if (text !== '') this.#waiting.push({ origin, text })
    const pieces: OriginPiece[] = []
    let rest = step.text
    while (rest !== '') {
      const next = this.#waiting[0] ?? { origin: 'target', text: rest }
      const text = rest.slice(0, next.text.length)
      pieces.push({ origin: next.origin, text })
      rest = rest.slice(text.length)
      if (text.length < next.text.length) next.text = next.text.slice(text.length)
      else this.#waiting.shift()
    }
    return pieces
  }
}
