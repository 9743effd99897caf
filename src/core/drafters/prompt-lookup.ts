import type { DraftBudget, Drafter } from '../drafter.ts'
import type { ForwardInput, Logits } from '../model.ts'
import type { Token } from '../token.ts'
import { ROOT, TokenTree } from '../token-tree.ts'

export interface PromptLookupOptions {
  /** Longest run of last tokens to look for; shorter ones are tried down to 1. */
  readonly lookupNgram: number
  /** Tokens to copy from behind the place found. */
  readonly draftLength: number
}

/** Prompt lookup decoding (Saxena 2023): the last tokens are looked for earlier in the text, and what followed is copied. */
export class PromptLookupDrafter implements Drafter {
  readonly #options: PromptLookupOptions

  constructor(options: PromptLookupOptions) {
    this.#options = options
  }

  begin(): void {}

  // biome-ignore lint/correctness/useYield: there is no draft model to ask
  *propose(prefix: readonly Token[], room: DraftBudget): Generator<ForwardInput, TokenTree, Logits> {
    const proposal = new TokenTree()
    const length = Math.min(this.#options.draftLength, room.maxDepth, room.maxNodes, room.remainingTokens - 1)
    if (length > 0) {
      proposal.addPath(ROOT, lookUp(prefix, this.#options.lookupNgram, length), { proposal: { origin: 'phrase', source: 'prompt' } })
    }
    return proposal
  }

  observe(): void {}
}

/** What followed the latest earlier occurrence of the last tokens; longest match first. */
export function lookUp(text: readonly Token[], ngram: number, length: number): readonly Token[] {
  for (let size = Math.min(ngram, text.length - 1); size > 0; size--) {
    const tail = text.length - size
    for (let start = tail - 1; start >= 0; start--) {
      let same = 0
      while (same < size && text[start + same] === text[tail + same]) same++
      if (same === size) return text.slice(start + size, start + size + length)
    }
  }
  return []
}
