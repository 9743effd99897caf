import { type AcceptanceEstimate, phraseClass } from './acceptance-estimate.ts'
import { MAX_KEY, type PhrasePool } from './phrase-pool.ts'
import type { PhraseSource, Token } from './token.ts'

/** A phrase that could follow a text, with the chance of each of its tokens given the ones before. */
export interface Continuation {
  readonly tokens: readonly Token[]
  readonly chances: readonly number[]
  readonly keySize: number
  readonly seen: number
  readonly source: PhraseSource
}

/** What a phrase's own record weighs against its class, in tokens tried. */
const OWN_WEIGHT = 4

/**
 * Phrases that may follow `text`, best first, no first token twice: the longest key that is known, then shorter ones
 * (back-off). Used to lengthen a draft (paper, section 3.2), to branch at a weak node, and to draft without a draft model.
 */
export function continuations(pool: PhrasePool, estimate: AcceptanceEstimate, text: readonly Token[], most: number): Continuation[] {
  const chosen = new Map<Token, Continuation>()
  for (let keySize = MAX_KEY; keySize > 0; keySize--) {
    for (const id of pool.find(text, text.length, keySize)) {
      if (chosen.has(pool.token(id, 0))) continue
      const phrase = pool.phrase(id)
      const own = (phrase.hits + OWN_WEIGHT) / (phrase.tries + OWN_WEIGHT)
      const first = estimate.chance(phraseClass(keySize, phrase.seen, true)) * own
      const rest = estimate.chance(phraseClass(keySize, phrase.seen, false))
      const chances = phrase.tokens.map((_, i) => (i === 0 ? first : rest))
      chosen.set(phrase.tokens[0] as Token, { tokens: phrase.tokens, chances, keySize, seen: phrase.seen, source: phrase.source })
    }
  }
  return [...chosen.values()].sort((a, b) => (b.chances[0] as number) - (a.chances[0] as number)).slice(0, most)
}
