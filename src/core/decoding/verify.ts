import { logSumExp, topTokens } from '../logits-math.ts'
import type { Logits } from '../model.ts'
import type { Sampler } from '../sampling/sampler.ts'
import type { Origin, PhraseSource, Token } from '../token.ts'
import type { NodeId, TokenTree } from '../token-tree.ts'

/** A token of the answer. */
export interface EmittedToken {
  readonly token: Token
  readonly origin: Origin
  readonly source?: PhraseSource
  /** Natural log of its probability in the target's own row, before any sampling parameter. */
  readonly logprob?: number
  readonly topLogprobs?: readonly { token: Token; logprob: number }[]
}

/** When to stop walking. */
export interface WalkLimits {
  readonly endTokens: ReadonlySet<Token>
  /** Most tokens to emit. */
  readonly maxTokens: number
  /** Alternatives to report per token; absent = no log-probabilities. */
  readonly logprobs?: number | undefined
}

export interface Walk {
  /** The last node whose token was accepted, or the start: what the cache is to keep. */
  readonly at: NodeId
  readonly accepted: readonly NodeId[]
  readonly emitted: readonly EmittedToken[]
  readonly finish?: 'stop' | 'length'
}

/**
 * Verification: one walk down the tree by the target's own picks (sample-and-match; SpecInfer's naive rule, optimal for
 * deterministic proposals). Each emitted token is the sampler's pick from the target's logits for the emitted prefix, so
 * the text is plain decoding's at any temperature. The first pick that no child has is the correction token; after a
 * fully accepted path it is the bonus token. Extends `prefix` by what it emits.
 */
export function verify(tree: TokenTree, start: NodeId, logits: Logits, sampler: Sampler, prefix: Token[], limits: WalkLimits): Walk {
  const accepted: NodeId[] = []
  const emitted: EmittedToken[] = []
  let at = start
  for (;;) {
    const token = sampler.pick(logits, at, prefix)
    const child = walkable(tree, tree.child(at, token))
    emitted.push(describe(tree, child, token, limits.logprobs === undefined ? undefined : logprobsOf(logits, at, token, limits.logprobs)))
    prefix.push(token)
    sampler.accept(token)
    if (child !== undefined) {
      accepted.push(child)
      at = child
    }
    if (limits.endTokens.has(token)) return { at, accepted, emitted, finish: 'stop' }
    if (emitted.length >= limits.maxTokens) return { at, accepted, emitted, finish: 'length' }
    if (child === undefined) return { at, accepted, emitted }
  }
}

/** A node without logits (inside a lookahead window) cannot be walked into. */
function walkable(tree: TokenTree, node: NodeId | undefined): NodeId | undefined {
  return node !== undefined && tree.needsLogits(node) ? node : undefined
}

function describe(tree: TokenTree, child: NodeId | undefined, token: Token, chances: LogProbabilities | undefined): EmittedToken {
  const proposal = child === undefined ? undefined : tree.proposal(child)
  return {
    token,
    origin: proposal?.origin ?? 'target',
    ...(proposal?.source && { source: proposal.source }),
    ...chances,
  }
}

type LogProbabilities = Pick<EmittedToken, 'logprob' | 'topLogprobs'>

function logprobsOf(logits: Logits, node: NodeId, token: Token, top: number): LogProbabilities {
  const { math } = logits
  const row = logits.row(node)
  const total = logSumExp(math, row)
  return {
    logprob: (row[token] as number) - total,
    ...(top > 0 && { topLogprobs: topTokens(math, row, top).map((one) => ({ token: one.token, logprob: one.logit - total })) }),
  }
}
