import { MAX_PHRASE, type PhrasePool } from './phrase-pool.ts'
import type { PhraseSource, Token } from './token.ts'

/** A position is first learnt when this many tokens follow it, and once more when a whole phrase does. */
const EARLY = 3

const EVERYTHING: ReadonlySet<PhraseSource> = new Set(['prompt', 'history'])

/** History (paper, section 3.4): prompts and answers of one conversation feed the pool, each position once. */
export class History {
  readonly #pool: PhrasePool
  #text: Token[] = []
  #sources: ReadonlySet<PhraseSource> = EVERYTHING
  #early = 0
  #whole = 0

  constructor(pool: PhrasePool) {
    this.#pool = pool
  }

  /** A new prompt: what it shares with the text before is known already. `sources`: what to learn, the prompt, the answer, or both. */
  begin(prompt: readonly Token[], sources: ReadonlySet<PhraseSource> = EVERYTHING): void {
    this.#learn(this.#text, 'history', 0)
    this.#sources = sources
    let same = 0
    while (same < Math.min(prompt.length, this.#text.length) && prompt[same] === this.#text[same]) same++
    this.#early = same
    this.#whole = same
    this.#text = [...prompt]
    this.#learn(prompt, 'prompt', 0)
  }

  /** The answer has grown to `prefix`. */
  extend(prefix: readonly Token[]): void {
    for (let i = this.#text.length; i < prefix.length; i++) this.#text.push(prefix[i] as Token)
    this.#learn(this.#text, 'history', EARLY)
  }

  #learn(text: readonly Token[], source: PhraseSource, early: number): void {
    const whole = early === 0 ? text.length : text.length - MAX_PHRASE
    const isWanted = this.#sources.has(source)
    if (whole > this.#whole) {
      if (isWanted) this.#pool.learn(text, this.#whole, Math.min(whole, this.#early), source, text.length, 0)
      this.#whole = whole
    }
    if (text.length - early > this.#early) {
      if (isWanted) this.#pool.learn(text, this.#early, text.length - early, source)
      this.#early = text.length - early
    }
  }
}
