import type { PhraseChance, PhraseFacts } from '../control/phrase-chance.ts'
import type { PhraseSource, Token } from '../token.ts'
import { MAX_KEY, type PhraseId, type PhrasePool } from './phrase-pool.ts'

/** A phrase that could follow a text, with the chance of each of its tokens given the ones before. */
export interface Continuation {
  readonly tokens: readonly Token[]
  readonly chances: readonly number[]
  /** What each chance is an estimate from. */
  readonly facts: readonly PhraseFacts[]
  readonly pool: PhrasePool
  readonly keySize: number
  readonly source: PhraseSource
}

/** Where phrases are looked for, best first: expected text, this conversation, all that was learned. */
export interface PoolTier {
  readonly pool: PhrasePool
  readonly isLocal: boolean
}

/** A token that a pool proposes. */
interface Candidate {
  readonly shelf: PoolTier
  readonly id: PhraseId
  readonly facts: PhraseFacts
  readonly chance: number
}

/**
 * Phrases that may follow `text`, best first, no first token twice: under the longest key that is known, then shorter ones
 * (back-off). Refuted phrases are left out, and shadow what shorter keys say of the same token. `streak`: tokens in a row at the
 * text's end that the pool foresaw. Used to lengthen a draft (paper, section 3.2), to branch at a weak node, and to draft without a draft model.
 */
export function continuations(
  shelves: readonly PoolTier[],
  estimate: PhraseChance,
  text: readonly Token[],
  streak: number,
  most: number,
): Continuation[] {
  const chosen = new Map<Token, Candidate | undefined>()
  for (let keySize = MAX_KEY; keySize > 0; keySize--) {
    for (const shelf of shelves) {
      const ids = shelf.pool.find(text, text.length, keySize)
      for (const id of ids) {
        const first = shelf.pool.token(id, 0)
        if (!chosen.has(first))
          chosen.set(first, shelf.pool.isRefuted(id) ? undefined : candidate(shelf, ids, id, keySize, streak, estimate))
      }
    }
  }
  const found = [...chosen.values()].filter((one) => one !== undefined)
  return found
    .sort((a, b) => b.chance - a.chance)
    .slice(0, most)
    .map((one) => follow(one, shelves, estimate, text, streak))
}

/**
 * The phrase of a candidate; what is known of each further token is what the next step would find behind the ones before it, or, where
 * only this phrase knows it, what is known of the phrase.
 */
function follow(
  first: Candidate,
  shelves: readonly PoolTier[],
  estimate: PhraseChance,
  text: readonly Token[],
  streak: number,
): Continuation {
  const { pool } = first.shelf
  const { tokens, source } = pool.phrase(first.id)
  const facts = [first.facts]
  const chances = [first.chance]
  const before = text.slice(-MAX_KEY)
  for (let i = 1; i < tokens.length; i++) {
    before.push(tokens[i - 1] as Token)
    const next = lookUp(shelves, estimate, before, tokens[i] as Token, streak + i)
    if (next?.shelf.pool.isRefuted(next.id)) break
    const known = next?.facts ?? { ...first.facts, streak: streak + i }
    facts.push(known)
    chances.push(next?.chance ?? estimate.of(known))
  }
  return { tokens: tokens.slice(0, facts.length), chances, facts, pool, keySize: first.facts.keySize, source }
}

/** What the longest key says that knows this token. */
function lookUp(
  shelves: readonly PoolTier[],
  estimate: PhraseChance,
  text: readonly Token[],
  token: Token,
  streak: number,
): Candidate | undefined {
  for (let keySize = Math.min(MAX_KEY, text.length); keySize > 0; keySize--) {
    for (const shelf of shelves) {
      const ids = shelf.pool.find(text, text.length, keySize)
      const id = ids.find((one) => shelf.pool.token(one, 0) === token)
      if (id !== undefined) return candidate(shelf, ids, id, keySize, streak, estimate)
    }
  }
  return undefined
}

function candidate(
  shelf: PoolTier,
  ids: readonly PhraseId[],
  id: PhraseId,
  keySize: number,
  streak: number,
  estimate: PhraseChance,
): Candidate {
  const { pool, isLocal } = shelf
  const { tries, hits } = pool.phrase(id)
  const seenAll = ids.reduce((sum, one) => sum + pool.seen(one), 0)
  const facts = { keySize, seen: pool.seen(id), seenAll, siblings: ids.length, isLocal, streak, tries, hits }
  return { shelf, id, facts, chance: estimate.of(facts) }
}

/** Whether the pool's first choice behind `text[0..end)` is the token that stands there. */
export function predicts(shelves: readonly PoolTier[], text: readonly Token[], end: number): boolean {
  for (let keySize = Math.min(MAX_KEY, end); keySize > 0; keySize--) {
    for (const { pool } of shelves) {
      const best = pool.find(text, end, keySize)[0]
      if (best !== undefined) return pool.token(best, 0) === text[end]
    }
  }
  return false
}
