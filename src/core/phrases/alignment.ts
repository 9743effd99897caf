import type { Token } from '../token.ts'
import { MAX_KEY } from './phrase.ts'

const NONE = -1
/** Tokens copied before an edit counts as one, edits in a row after which the copy is given up, tokens left out at once. */
const LEAST_COPIED = 12
const MOST_EDITS = 2
const MOST_LEFT_OUT = 8
/** What is remembered of right and wrong at most: texts change. */
const MOST_LEAD = 4

/**
 * The earlier place that a text's end copies. Where the copy says something else than the place does, what stands behind there is still likely to
 * follow here, though no key of the pool says so: an edited copy goes on behind the edit. Said only while that has been right more often than wrong:
 * an answer may as well quote a few words and leave them.
 */
export class Alignment {
  /** Hash of MAX_KEY tokens → the position behind the last time that they stood. */
  readonly #places = new Map<number, number>()
  /** What the text's next token is a copy of; NONE = the text copies nothing. */
  #at = NONE
  #copied = 0
  #edits = 0
  /** Where the text may go on behind the edit before the next token. */
  #positions: number[] = []
  /** Edits behind which it went on so, less those behind which it did not. */
  #lead = 0

  /** Another text begins; what was right or wrong in earlier ones is kept. */
  begin(): void {
    this.#places.clear()
    this.#at = NONE
    this.#copied = 0
    this.#edits = 0
    this.#positions = []
  }

  /** Takes in `text[i]`, the next token; where it is an edit: the positions at which the text may go on, the likeliest last. */
  next(text: readonly Token[], i: number): number[] {
    if (this.#positions.length > 0) {
      const isRight = this.#positions.some((at) => text[at] === text[i])
      this.#lead = Math.max(-MOST_LEAD, Math.min(MOST_LEAD, this.#lead + (isRight ? 1 : -1)))
    }
    this.#positions = []
    if (this.#at !== NONE && text[this.#at] === text[i]) {
      this.#at++
      this.#copied++
      this.#edits = 0
    } else if (this.#at !== NONE) this.#positions = this.#edited(text, text[i] as Token)
    const place = this.#placeOf(text, i + 1)
    if (place !== NONE && (this.#at === NONE || this.#edits > 0)) {
      this.#at = place
      this.#copied += MAX_KEY
      this.#edits = 0
    }
    return this.#lead > 0 ? this.#positions : []
  }

  /** The token stands behind some that were left out; else it replaces one, or was put in. */
  #edited(text: readonly Token[], token: Token): number[] {
    const at = this.#at
    if (this.#copied < LEAST_COPIED || ++this.#edits > MOST_EDITS) {
      this.#at = NONE
      this.#copied = 0
      return []
    }
    const leftOut = text.slice(at + 1, at + 1 + MOST_LEFT_OUT).indexOf(token)
    this.#at = leftOut < 0 ? at + 1 : at + leftOut + 2
    return leftOut < 0 ? [at, this.#at] : [at + 1, this.#at]
  }

  /** The position behind the last time that the tokens before `end` stood together; from now on it is `end`. */
  #placeOf(text: readonly Token[], end: number): number {
    if (end < MAX_KEY) return NONE
    let hash = 0
    for (let i = end - MAX_KEY; i < end; i++) hash = Math.imul(hash ^ (text[i] as number), 0x9e3779b1) ^ (hash >>> 15)
    const place = this.#places.get(hash) ?? NONE
    this.#places.set(hash, end)
    for (let i = 1; i <= MAX_KEY && place !== NONE; i++) if (text[place - i] !== text[end - i]) return NONE
    return place
  }
}
