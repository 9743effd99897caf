import type { PhraseSource, Token } from '../token.ts'
import { Alignment } from './alignment.ts'
import { MAX_KEY, MAX_PHRASE, PhrasePool } from './phrase-pool.ts'

/** A position is first learned when this many tokens follow it, and once more when a whole phrase does. */
const EARLY = 3
/** Room for the phrases of some five thousand tokens. */
const LOCAL_BYTES = 2 * 2 ** 20

const EVERYTHING: ReadonlySet<PhraseSource> = new Set(['prompt', 'history'])

/**
 * History (paper, section 3.4): prompts and answers of one conversation feed the pool, each position once; what the present text
 * itself contains is kept apart as well, since it is more likely to come again than what earlier texts contain.
 */
export class History {
  /** Phrases of the present prompt and answer only. */
  readonly local = new PhrasePool({ capacityBytes: LOCAL_BYTES })
  /** Phrases of all texts. */
  readonly pool: PhrasePool
  #text: Token[] = []
  #sources: ReadonlySet<PhraseSource> = EVERYTHING
  readonly #alignment = new Alignment()
  #early = 0
  #whole = 0

  constructor(pool: PhrasePool) {
    this.pool = pool
  }

  /** A new prompt: what it shares with the text before is known already. `sources`: what to learn, the prompt, the answer, or both. */
  begin(prompt: readonly Token[], sources: ReadonlySet<PhraseSource> = EVERYTHING): void {
    this.#learn(this.#text, 'history', 0)
    this.#sources = sources
    let same = 0
    while (same < Math.min(prompt.length, this.#text.length) && prompt[same] === this.#text[same]) same++
    this.local.clear()
    if (sources.has('prompt')) this.local.learn(prompt, 0, same, 'prompt')
    this.#early = same
    this.#whole = same
    this.#text = [...prompt]
    this.#learn(prompt, 'prompt', 0)
    this.#alignment.begin()
    for (let i = 0; i < prompt.length; i++) this.#alignment.next(prompt, i)
  }

  /** The answer has grown to `prefix`. */
  extend(prefix: readonly Token[]): void {
    const text = this.#text
    for (let i = text.length; i < prefix.length; i++) {
      text.push(prefix[i] as Token)
      for (const place of this.#alignment.next(text, i)) this.#resume(place)
    }
    this.#learn(text, 'history', EARLY)
  }

  /** Behind the text's end follows, perhaps, what stands at `place`. */
  #resume(place: number): void {
    const text = [...this.#text.slice(-MAX_KEY), ...this.#text.slice(place, place + MAX_PHRASE)]
    const at = Math.min(MAX_KEY, this.#text.length)
    for (let keySize = 1; keySize <= at; keySize++) this.local.insert(text, at, text.length, keySize, 'history', 0)
  }

  #learn(text: readonly Token[], source: PhraseSource, early: number): void {
    const whole = early === 0 ? text.length : text.length - MAX_PHRASE
    const pools = this.#sources.has(source) ? [this.pool, this.local] : []
    if (whole > this.#whole) {
      for (const pool of pools) pool.learn(text, this.#whole, Math.min(whole, this.#early), source, text.length, 0)
      this.#whole = whole
    }
    if (text.length - early > this.#early) {
      for (const pool of pools) pool.learn(text, this.#early, text.length - early, source)
      this.#early = text.length - early
    }
  }
}
