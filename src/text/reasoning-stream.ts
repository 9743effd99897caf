const OPEN = '<think>'
const CLOSE = '</think>'

/** What a piece of text turned out to be. */
export interface ParsedThought {
  readonly reasoning: string
  readonly text: string
}

/**
 * Splits what a model thinks (`<think>…</think>` at its answer's beginning, or from the start where the template has opened it)
 * from what it says, in a text that comes in pieces. White space around the marks belongs to them.
 */
export class ReasoningStream {
  #held = ''
  #state: 'before' | 'thinking' | 'behind' | 'saying'
  #hasThought = false

  constructor(isThinking: boolean) {
    this.#state = isThinking ? 'thinking' : 'before'
  }

  push(text: string): ParsedThought {
    return this.#push(text, false)
  }

  /** The rest, at the end. */
  flush(): ParsedThought {
    return this.#push('', true)
  }

  #push(text: string, isWhole: boolean): ParsedThought {
    this.#held += text
    let reasoning = ''
    if (this.#state === 'before') {
      const begun = this.#held.trimStart()
      if (!isWhole && begun.length < OPEN.length && OPEN.startsWith(begun)) return { reasoning, text: '' }
      this.#state = begun.startsWith(OPEN) ? 'thinking' : 'saying'
      if (this.#state === 'thinking') this.#held = begun.slice(OPEN.length)
    }
    if (this.#state === 'thinking') reasoning = this.#think(isWhole)
    if (this.#state === 'behind') {
      this.#held = this.#held.trimStart()
      if (this.#held !== '') this.#state = 'saying'
    }
    if (this.#state !== 'saying') return { reasoning, text: '' }
    const said = this.#held
    this.#held = ''
    return { reasoning, text: said }
  }

  #think(isWhole: boolean): string {
    if (!this.#hasThought) this.#held = this.#held.trimStart()
    const close = this.#held.indexOf(CLOSE)
    const end = close >= 0 ? close : isWhole ? this.#held.length : this.#held.length - cut(this.#held)
    const thought = this.#held.slice(0, end).trimEnd()
    this.#held = close >= 0 ? this.#held.slice(close + CLOSE.length) : this.#held.slice(thought.length)
    if (close >= 0) this.#state = 'behind'
    if (thought !== '') this.#hasThought = true
    return thought
  }
}

/** Length of the longest end of `text` that the closing mark begins with. */
function cut(text: string): number {
  for (let size = Math.min(CLOSE.length - 1, text.length); size > 0; size--) if (CLOSE.startsWith(text.slice(-size))) return size
  return 0
}
