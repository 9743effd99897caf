import type { Token } from '../core/token.ts'

/** Turns tokens into text, whole characters at a time. */
export interface PieceSource {
  push(token: Token): string
  flush(): string
}

/** Text that is safe to print: never half a character, never part of a stop string. */
export class TextStream {
  readonly #pieces: PieceSource
  readonly #stops: readonly string[]
  #held = ''
  #text = ''
  #stop: string | undefined

  constructor(pieces: PieceSource, stops: readonly string[]) {
    this.#pieces = pieces
    this.#stops = stops
  }

  /** All text given out so far. */
  get text(): string {
    return this.#text
  }

  /** True once a stop string came; nothing is given out after it. */
  get stopped(): boolean {
    return this.#stop !== undefined
  }

  /** The stop string that came. */
  get stop(): string | undefined {
    return this.#stop
  }

  /** The token's own text, and what can be given out now. */
  push(token: Token): { piece: string; safe: string } {
    const piece = this.#pieces.push(token)
    return { piece, safe: this.#take(piece, false) }
  }

  /** What was held back, at the end. */
  flush(): string {
    return this.#take(this.#pieces.flush(), true)
  }

  #take(piece: string, atEnd: boolean): string {
    if (this.stopped) return ''
    const text = this.#held + piece
    const stop = this.#firstStop(text)
    this.#stop = stop?.text
    const safe = stop?.start ?? (atEnd ? text.length : text.length - this.#pendingStop(text))
    this.#held = stop ? '' : text.slice(safe)
    this.#text += text.slice(0, safe)
    return text.slice(0, safe)
  }

  /** Where the stop string that is complete first begins: the same wherever the tokens' borders are. */
  #firstStop(text: string): { start: number; end: number; text: string } | undefined {
    let first: { start: number; end: number; text: string } | undefined
    for (const stop of this.#stops) {
      const start = text.indexOf(stop)
      const end = start + stop.length
      if (start < 0 || (first && (end > first.end || (end === first.end && start > first.start)))) continue
      first = { start, end, text: stop }
    }
    return first
  }

  /** Length of the longest end of `text` that a stop string begins with. */
  #pendingStop(text: string): number {
    const longest = Math.max(0, ...this.#stops.map((stop) => stop.length - 1))
    for (let size = Math.min(longest, text.length); size > 0; size--) {
      const end = text.slice(text.length - size)
      if (this.#stops.some((stop) => stop.startsWith(end))) return size
    }
    return 0
  }
}
