import type { AcceptanceModel, Evidence } from '../control/acceptance.ts'
import type { PhraseSource, Token } from '../token.ts'
import { type PhraseFacts, phraseEvidence } from './phrase-evidence.ts'
import { MAX_KEY, type PhraseId, type PhrasePool } from './phrase-pool.ts'

/** A phrase that could follow a text, with the probability of each of its tokens given the ones before. */
export interface Continuation {
  readonly tokens: readonly Token[]
  readonly probabilities: readonly number[]
  /** What each probability was estimated from. */
  readonly evidence: readonly Evidence[]
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
  readonly tier: PoolTier
  readonly id: PhraseId
  readonly facts: PhraseFacts
  readonly evidence: Evidence
  readonly probability: number
}

/**
 * Phrases that may follow `text`, best first, no first token twice: under the longest key that is known, then shorter ones
 * (back-off). Refuted phrases are left out, and shadow what shorter keys say of the same token. `predictedRun`: tokens in a row at the
 * text's end that the pool predicted. Used to lengthen a draft (paper, section 3.2), to branch at a weak node, and to draft without a draft model.
 */
export function continuations(
  tiers: readonly PoolTier[],
  model: AcceptanceModel,
  text: readonly Token[],
  predictedRun: number,
  most: number,
): Continuation[] {
  const chosen = new Map<Token, Candidate | undefined>()
  for (let keySize = MAX_KEY; keySize > 0; keySize--) {
    for (const tier of tiers) {
      const ids = tier.pool.find(text, text.length, keySize)
      for (const id of ids) {
        const first = tier.pool.token(id, 0)
        if (!chosen.has(first))
          chosen.set(first, tier.pool.isRefuted(id) ? undefined : candidate(tier, ids, id, keySize, predictedRun, model))
      }
    }
  }
  const found = [...chosen.values()].filter((one) => one !== undefined)
  return found
    .sort((a, b) => b.probability - a.probability)
    .slice(0, most)
    .map((one) => follow(one, tiers, model, text, predictedRun))
}

/**
 * The phrase of a candidate; what is known of each further token is what the next step would find behind the ones before it, or, where
 * only this phrase knows it, what is known of the phrase.
 */
function follow(
  first: Candidate,
  tiers: readonly PoolTier[],
  model: AcceptanceModel,
  text: readonly Token[],
  predictedRun: number,
): Continuation {
  const { pool } = first.tier
  const { tokens, source } = pool.phrase(first.id)
  const evidence = [first.evidence]
  const probabilities = [first.probability]
  const before = text.slice(-MAX_KEY)
  for (let i = 1; i < tokens.length; i++) {
    before.push(tokens[i - 1] as Token)
    const next = lookUp(tiers, model, before, tokens[i] as Token, predictedRun + i)
    if (next?.tier.pool.isRefuted(next.id)) break
    const own = next?.evidence ?? phraseEvidence({ ...first.facts, predictedRun: predictedRun + i })
    evidence.push(own)
    probabilities.push(next?.probability ?? model.probability(own))
  }
  return { tokens: tokens.slice(0, evidence.length), probabilities, evidence, pool, keySize: first.facts.keySize, source }
}

/** What the longest key says that knows this token. */
function lookUp(
  tiers: readonly PoolTier[],
  model: AcceptanceModel,
  text: readonly Token[],
  token: Token,
  predictedRun: number,
): Candidate | undefined {
  for (let keySize = Math.min(MAX_KEY, text.length); keySize > 0; keySize--) {
    for (const tier of tiers) {
      const ids = tier.pool.find(text, text.length, keySize)
      const id = ids.find((one) => tier.pool.token(one, 0) === token)
      if (id !== undefined) return candidate(tier, ids, id, keySize, predictedRun, model)
    }
  }
  return undefined
}

function candidate(
  tier: PoolTier,
  ids: readonly PhraseId[],
  id: PhraseId,
  keySize: number,
  predictedRun: number,
  model: AcceptanceModel,
): Candidate {
  const { pool, isLocal } = tier
  const { tries, hits } = pool.phrase(id)
  const seenAll = ids.reduce((sum, one) => sum + pool.seen(one), 0)
  const facts = { keySize, seen: pool.seen(id), seenAll, siblings: ids.length, isLocal, predictedRun, tries, hits }
  const evidence = phraseEvidence(facts)
  return { tier, id, facts, evidence, probability: model.probability(evidence) }
}

/** Whether the pool's first choice behind `text[0..end)` is the token that stands there. */
export function predicts(tiers: readonly PoolTier[], text: readonly Token[], end: number): boolean {
  for (let keySize = Math.min(MAX_KEY, end); keySize > 0; keySize--) {
    for (const { pool } of tiers) {
      const best = pool.find(text, end, keySize)[0]
      if (best !== undefined) return pool.token(best, 0) === text[end]
    }
  }
  return false
}
