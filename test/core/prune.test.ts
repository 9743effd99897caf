import { describe, expect, it } from 'vitest'
import { prune, ROOT, TokenTree } from '../../src/core/index.ts'
import { EveryThird } from './setups.ts'

/** 1 - 2 - 4 and 1 - 5 - 7, 8 at the top. */
function proposal(): TokenTree {
  const tree = new TokenTree()
  const one = tree.add(ROOT, 1)
  tree.addPath(one, [2, 4])
  tree.addPath(one, [5, 7])
  tree.add(ROOT, 8)
  return tree
}
const paths = (tree: TokenTree) => tree.leaves.map((leaf) => tree.tokensTo(leaf))

describe('prune', () => {
  it('leaves alone what fits', () => {
    const tree = proposal()
    expect(prune(tree, { maxDepth: 3, maxNodes: 6 })).toEqual({ tree, proposalIds: [0, 1, 2, 3, 4, 5] })
  })

  it('keeps to depth and number of nodes', () => {
    expect(paths(prune(proposal(), { maxDepth: 2, maxNodes: 6 }).tree)).toEqual([[1, 2], [1, 5], [8]])
    expect(paths(prune(proposal(), { maxDepth: 3, maxNodes: 4 }).tree)).toEqual([
      [1, 2, 4],
      [1, 5],
    ])
    expect(prune(proposal(), { maxDepth: 0, maxNodes: 6 }).tree.size).toBe(0)
  })

  it('drops what the constraint forbids, with all below it, and says where the rest came from', () => {
    // Forbidden: t + state divisible by 3; the state grows by t + 1. So 4 after 1 2 (4 + 5) and 7 after 1 5 (7 + 8).
    const { tree, proposalIds } = prune(proposal(), { maxDepth: 3, maxNodes: 6, constraint: new EveryThird() })
    expect(paths(tree)).toEqual([[1, 2], [1, 5], [8]])
    expect(proposalIds).toEqual([0, 1, 3, 5])
  })

  it('does not prune a lookahead window: it is read as a whole', () => {
    const tree = proposal()
    tree.addPath(ROOT, [3, 3], { needsLogits: false })
    expect(prune(tree, { maxDepth: 3, maxNodes: 9, constraint: new EveryThird() }).tree).toBe(tree)
  })
})
