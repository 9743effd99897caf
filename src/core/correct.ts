import { MAX_KEY, type PhrasePool } from './phrase-pool.ts'
import type { Token } from './token.ts'
import type { NodeId, TokenTree } from './token-tree.ts'

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
  targetArgmax: (node: NodeId) => Token,
  most: number,
): void {
  const answers = new Map<NodeId, Token>()
  const answer = (node: NodeId): Token | undefined => {
    if (!answers.has(node) && answers.size < most) answers.set(node, targetArgmax(node))
    return answers.get(node)
  }
  for (let node = 0; node < tree.size; node++) {
    if (accepted.has(node) || !tree.wanted(node)) continue
    const phrase: Token[] = []
    for (let at: NodeId | undefined = node; at !== undefined && tree.wanted(at); ) {
      const token = answer(at)
      if (token === undefined) break
      phrase.push(token)
      at = tree.child(at, token)
    }
    if (phrase.length === 0) return
    const text = [...prefix.slice(-MAX_KEY), ...tree.tokensTo(node)]
    for (let keySize = 1; keySize <= Math.min(MAX_KEY, text.length); keySize++) {
      pool.insert([...text, ...phrase], text.length, text.length + phrase.length, keySize, 'verification', 0)
    }
  }
}
