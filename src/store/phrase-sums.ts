import type { Phrase } from '../core/phrases/phrase.ts'

const LARGEST = 0xffff

/** Phrases by key and first token, oldest first; counters of what is added again add up, the rest is the newer one's. */
export class PhraseSums {
  readonly #phrases = new Map<string, Phrase>()
  readonly #most: number

  /** @param most the oldest of more phrases than that go */
  constructor(most: number) {
    this.#most = most
  }

  get size(): number {
    return this.#phrases.size
  }

  add(phrases: Iterable<Phrase>): void {
    for (const phrase of phrases) {
      const name = [...phrase.key, phrase.tokens[0]].join()
      const known = this.#phrases.get(name)
      this.#phrases.delete(name) // and in again, as the newest
      this.#phrases.set(name, known ? sum(known, phrase) : phrase)
      if (this.#phrases.size <= this.#most) continue
      const [oldest] = this.#phrases.keys()
      this.#phrases.delete(oldest as string)
    }
  }

  clear(): void {
    this.#phrases.clear()
  }

  /** Takes out the oldest ones. */
  take(count: number): Phrase[] {
    const taken: Phrase[] = []
    for (const [name, phrase] of this.#phrases) {
      if (taken.length === count) break
      taken.push(phrase)
      this.#phrases.delete(name)
    }
    return taken
  }
}

function sum(known: Phrase, added: Phrase): Phrase {
  const of = (counter: 'seen' | 'tries' | 'hits') => Math.min(LARGEST, known[counter] + added[counter])
  return { ...added, seen: of('seen'), tries: of('tries'), hits: of('hits') }
}
