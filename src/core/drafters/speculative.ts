import type { CachedSequence } from '../cached-sequence.ts'
import type { DraftBudget, Drafter } from '../drafter.ts'
import { topConfidence } from '../logits-math.ts'
import type { ForwardInput, Logits } from '../model.ts'
import type { Token } from '../token.ts'
import { type NodeId, ROOT, TokenTree } from '../token-tree.ts'

export interface SpeculativeOptions {
  /** Tokens that the draft model proposes in a row (gamma). */
  readonly draftLength: number
  /** Stop before a token that the draft model gives less than this probability; 0 = never. */
  readonly minProbability: number
}

/** Plain speculative decoding (Leviathan et al. 2211.17192, Chen et al. 2302.01318) with a greedy draft: a chain of gamma tokens. */
export class SpeculativeDrafter implements Drafter {
  readonly #draft: CachedSequence
  readonly #options: SpeculativeOptions
  readonly #endTokens: ReadonlySet<Token>

  constructor(draft: CachedSequence, options: SpeculativeOptions, endTokens: ReadonlySet<Token>) {
    this.#draft = draft
    this.#options = options
    this.#endTokens = endTokens
  }

  begin(): void {
    this.#draft.start = 0
  }

  *propose(prefix: readonly Token[], room: DraftBudget): Generator<ForwardInput, TokenTree, Logits> {
    const proposal = new TokenTree()
    const text = [...prefix]
    this.#draft.settle(prefix.length)
    const length = Math.min(this.#options.draftLength, room.maxDepth, room.maxNodes, room.remainingTokens - 1)
    let at: NodeId = ROOT
    while (proposal.size < length && text.length <= this.#draft.cache.model.contextLength) {
      const pending = yield* this.#draft.catchUp(text)
      const tree = TokenTree.chain(pending)
      const logits = yield { cache: this.#draft.cache, tree }
      const last = tree.size - 1
      const best = this.#options.minProbability > 0 ? topConfidence(logits.math, logits.row(last)) : undefined
      const token = best?.token ?? logits.argmax(last)
      const chance = best?.probability
      this.#draft.commit(tree, last)
      if (chance !== undefined && chance < this.#options.minProbability) break
      at = proposal.add(at, token, { proposal: { origin: 'draft', ...(chance !== undefined && { chance }) } })
      text.push(token)
      if (this.#endTokens.has(token)) break
    }
    return proposal
  }

  observe(): void {}
}
