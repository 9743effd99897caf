import { type AcceptanceEstimate, phraseClass } from './acceptance-estimate.ts'
import { MAX_KEY, type PhrasePool } from './phrase-pool.ts'
import type { PhraseSource, Token } from './token.ts'

/** A phrase that could follow a text, with the chance of each of its tokens given the ones before. */
export interface Continuation {
  readonly tokens: readonly Token[]
  readonly chances: readonly number[]
  readonly pool: PhrasePool
  readonly keySize: number
  readonly seen: number
  readonly source: PhraseSource
}

/** What a phrase's own record weighs against its class, in tokens tried. */
const OWN_WEIGHT = 4

/**
 * Phrases that may follow `text`, best first, no first token twice: the longest key that is known, then shorter ones
 * (back-off); under one key, the first pool's. Refuted phrases are left out, and shadow what shorter keys say of the same token.
 * Used to lengthen a draft (paper, section 3.2), to branch at a weak node, and to draft without a draft model.
 */
export function continuations(
  pools: readonly PhrasePool[],
  estimate: AcceptanceEstimate,
  text: readonly Token[],
  most: number,
): Continuation[] {
  const chosen = new Map<Token, Continuation | undefined>()
  for (let keySize = MAX_KEY; keySize > 0; keySize--) {
    for (const pool of pools) {
      for (const id of pool.find(text, text.length, keySize)) {
        const first = pool.token(id, 0)
        if (!chosen.has(first)) chosen.set(first, pool.isRefuted(id) ? undefined : continuation(pool, id, keySize, estimate))
      }
    }
  }
  const found = [...chosen.values()].filter((one) => one !== undefined)
  return found.sort((a, b) => (b.chances[0] as number) - (a.chances[0] as number)).slice(0, most)
}

function continuation(pool: PhrasePool, id: number, keySize: number, estimate: AcceptanceEstimate): Continuation {
  const { tokens, seen, hits, tries, source } = pool.phrase(id)
  const own = (hits + OWN_WEIGHT) / (tries + OWN_WEIGHT)
  const first = estimate.chance(phraseClass(keySize, seen, true)) * own
  const rest = estimate.chance(phraseClass(keySize, seen, false))
  return { tokens, chances: tokens.map((_, i) => (i === 0 ? first : rest)), pool, keySize, seen, source }
}
