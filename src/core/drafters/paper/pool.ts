import type { Token } from '../../token.ts'

/** The published code's phrase pool: per key token at most `capacity` (G) phrases, newest last; recency is the only rank. */
export class PaperPool {
  readonly capacity: number
  readonly #phrases = new Map<Token, (readonly Token[])[]>()

  constructor(capacity: number) {
    this.capacity = capacity
  }

  /** Phrases of a key token, oldest first. */
  phrases(key: Token): readonly (readonly Token[])[] {
    return this.#phrases.get(key) ?? []
  }

  /** A phrase that it holds becomes the newest; a new one drops the oldest if there is no room. */
  insert(key: Token, phrase: readonly Token[]): void {
    const list = this.#phrases.get(key) ?? []
    this.#phrases.set(key, list)
    const at = list.findIndex((other) => other.every((token, i) => token === phrase[i]))
    if (at >= 0) list.splice(at, 1)
    else if (list.length >= this.capacity) list.shift()
    list.push([...phrase])
  }

  /** In-place correction: overwrites the newest entries (duplicates may arise, as in the published code). */
  replaceNewest(key: Token, phrases: readonly (readonly Token[])[]): void {
    const list = this.#phrases.get(key)
    if (list && phrases.length > 0) list.splice(-phrases.length, phrases.length, ...phrases)
  }

  /** Key tokens with their phrases. */
  entries(): IterableIterator<[Token, readonly (readonly Token[])[]]> {
    return this.#phrases.entries()
  }
}
