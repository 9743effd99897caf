import type { StepTrace, TraceNode } from '../api/types.ts'
import type { Round } from '../core/decoding/session.ts'
import type { Phrase, PhrasePool } from '../core/phrases/phrase-pool.ts'
import type { PoolReport } from '../core/stats.ts'
import type { Token } from '../core/token.ts'
import type { Proposal } from '../core/token-tree.ts'
import type { Vocabulary } from '../llama/vocabulary.ts'

/** Turns rounds into readable text, with what the pool learns meanwhile, from other sessions too. */
export class Tracer {
  readonly #pool: PhrasePool
  readonly #vocabulary: Vocabulary
  #learned: Phrase[] = []
  readonly #onLearned = (phrase: Phrase): void => {
    this.#learned.push(phrase)
  }

  constructor(pool: PhrasePool, vocabulary: Vocabulary) {
    this.#pool = pool
    this.#vocabulary = vocabulary
    pool.listeners.add(this.#onLearned)
  }

  trace(round: Round, pool?: PoolReport): StepTrace {
    const { before, sentTree, accepted, draftPasses } = round
    const learned = this.#learned.map(({ key, tokens, source }) => ({ key: this.#text(key), phrase: this.#text(tokens), source }))
    this.#learned = []
    const tree = Array.from({ length: sentTree.size }, (_, node): TraceNode => {
      const { origin, source, chance } = sentTree.proposal(node) as Proposal
      const token = sentTree.token(node)
      return {
        parent: sentTree.parent(node),
        token,
        text: this.#text([token]),
        origin,
        ...(source && { source }),
        ...(chance !== undefined && { chance }),
      }
    })
    return { before, draftPasses, tree, accepted, learned, ...(pool && { pool }) }
  }

  close(): void {
    this.#pool.listeners.delete(this.#onLearned)
  }

  #text(tokens: readonly Token[]): string {
    return this.#vocabulary.detokenize(tokens, true)
  }
}
