import type { Verdict } from '../drafter.ts'
import type { Token } from '../token.ts'
import { type NodeId, ROOT, type TokenTree } from '../token-tree.ts'
import { MAX_KEY, type PhrasePool } from './phrase-pool.ts'

/**
 * Phrases from verification (paper, section 3.3): behind every rejected node the target has said how it would go on.
 * Its own continuation, followed as far as the tree goes, becomes the phrase of the tokens up to that node: tried phrases are
 * corrected in place, after rejection as after acceptance. At most `most` nodes are read: each costs a pass over a row.
 */
export function learnFromRejected(
  pool: PhrasePool,
  prefix: readonly Token[],
  tree: TokenTree,
  accepted: ReadonlySet<NodeId>,
  targetArgmax: (node: NodeId) => Token | undefined,
  most: number,
): void {
  const answers = new Map<NodeId, Token>()
  const answer = (node: NodeId): Token | undefined => {
    const cached = answers.get(node)
    if (cached !== undefined || answers.size >= most) return cached
    const token = targetArgmax(node)
    if (token !== undefined) answers.set(node, token)
    return token
  }
  for (let node = 0; node < tree.size; node++) {
    if (accepted.has(node) || !tree.needsLogits(node)) continue
    const phrase: Token[] = []
    for (let at: NodeId | undefined = node; at !== undefined && tree.needsLogits(at); ) {
      const token = answer(at)
      if (token === undefined) break
      phrase.push(token)
      at = tree.child(at, token)
    }
    if (phrase.length === 0) continue
    const text = [...prefix.slice(-MAX_KEY), ...tree.tokensTo(node)]
    for (let keySize = 1; keySize <= Math.min(MAX_KEY, text.length); keySize++) {
      pool.insert([...text, ...phrase], text.length, text.length + phrase.length, keySize, 'verification', 0)
    }
  }
}

/** Whether a surer token in this node's place was accepted (surer ones come first): the node itself was not put to the test. */
export function lostToSurer(node: NodeId, tree: TokenTree, accepted: ReadonlySet<NodeId>): boolean {
  for (const winner of accepted) if (winner < node && tree.parent(winner) === tree.parent(node)) return true
  return false
}

/** A phrase in the proposal: found in `pool` under the last `keySize` tokens before it. */
export interface TriedPhrase {
  readonly pool: PhrasePool
  readonly parent: NodeId
  readonly keySize: number
  readonly nodes: readonly NodeId[]
}

/**
 * In-place correction of a tried phrase, after rejection as after acceptance: its record counts the tokens that the walk came
 * to; a tail that the target would not write is replaced by the target's own token, a phrase refuted at once is not offered
 * again behind this key. One that stood beside a surer one that was right is left as it is. `before`: the last tokens that the proposal
 * continues.
 */
export function judgePhrase(tried: TriedPhrase, before: readonly Token[], verdict: Verdict, accepted: ReadonlySet<NodeId>): void {
  const { pool, parent, keySize, nodes } = tried
  const { proposal } = verdict
  if (lostToSurer(nodes[0] as NodeId, proposal, accepted)) return
  const text = [...before, ...(parent === ROOT ? [] : proposal.tokensTo(parent))]
  const id = pool.find(text, text.length, keySize).find((one) => pool.token(one, 0) === proposal.token(nodes[0] as NodeId))
  if (id === undefined) return
  const held = nodes.filter((node) => accepted.has(node)).length
  if (parent === ROOT || accepted.has(parent)) pool.record(id, Math.min(held + 1, nodes.length), held)
  // With temperature the draw may differ while the phrase stays the target's first choice.
  const answer = (node: NodeId) => verdict.targetArgmax(proposal.parent(node))
  let right = held
  while (right < nodes.length && answer(nodes[right] as NodeId) === proposal.token(nodes[right] as NodeId)) right++
  const own = right < nodes.length ? answer(nodes[right] as NodeId) : undefined
  if (own === undefined) return
  if (right === 0) pool.refute(id)
  else {
    const corrected = [...text, ...nodes.slice(0, right).map((node) => proposal.token(node)), own]
    pool.insert(corrected, text.length, corrected.length, keySize, 'verification', 0)
  }
}
