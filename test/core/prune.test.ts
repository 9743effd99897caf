import { describe, expect, it } from 'vitest'
import { type Constraint, prune, ROOT, TokenTree } from '../../src/core/index.ts'
import { EveryThird } from './constraints.ts'

/** 1 - 2 - 4 and 1 - 5 - 7, 8 at the top. */
function proposal(): TokenTree {
  const tree = new TokenTree()
  const one = tree.add(ROOT, 1)
  tree.addPath(one, [2, 4])
  tree.addPath(one, [5, 7])
  tree.add(ROOT, 8)
  return tree
}

/** Allows everything; counts its copies. */
class Counting implements Constraint {
  readonly counts: { forks: number; closed: number }
  constructor(counts = { forks: 0, closed: 0 }) {
    this.counts = counts
  }
  allows(): boolean {
    return true
  }
  mask(): void {}
  accept(): void {}
  fork(): Counting {
    this.counts.forks++
    return new Counting(this.counts)
  }
  close(): void {
    this.counts.closed++
  }
}

const paths = (tree: TokenTree) => tree.leaves.map((leaf) => tree.tokensTo(leaf))

describe('prune', () => {
  it('leaves alone what fits', () => {
    const tree = proposal()
    const { tree: sent, proposalIds } = prune(tree, { maxDepth: 3, maxNodes: 6 })
    expect(sent).toBe(tree)
    expect(proposalIds).toEqual([0, 1, 2, 3, 4, 5])
    expect(prune(tree, { maxDepth: 3, maxNodes: 6, constraint: new Counting() }).tree).toBe(tree)
    expect(prune(new TokenTree(), { maxDepth: 0, maxNodes: 0, constraint: new Counting() }).tree.size).toBe(0)
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

  it('copies the constraint at inner nodes only, and closes each copy', () => {
    const constraint = new Counting()
    prune(proposal(), { maxDepth: 3, maxNodes: 6, constraint })
    expect(constraint.counts).toEqual({ forks: 3, closed: 3 })
  })

  it('keeps what is said of each node that is left', () => {
    const tree = new TokenTree()
    const about = { origin: 'draft', chance: 0.5 } as const
    tree.addPath(ROOT, [1, 2], { needsLogits: false, proposal: about })
    const { tree: sent } = prune(tree, { maxDepth: 1, maxNodes: 2 })
    expect([sent.size, sent.needsLogits(0), sent.proposal(0)]).toEqual([1, false, about])
  })

  it('leaves a recurrent target one path: the one of which most is expected to be accepted, down to what cannot be walked', () => {
    const limits = { maxDepth: 3, maxNodes: 9, isRecurrent: true }
    expect(prune(proposal(), limits).proposalIds).toEqual([0, 1, 2])
    const tree = new TokenTree()
    const add = (parent: number, token: number, chance: number, needsLogits = true) =>
      tree.add(parent, token, { needsLogits, proposal: { origin: 'draft', chance } })
    const long = add(ROOT, 1, 0.3)
    add(add(long, 2, 0.5), 3, 0.5)
    const sure = add(ROOT, 4, 0.6)
    add(sure, 5, 0.9, false)
    expect(prune(tree, limits)).toMatchObject({ proposalIds: [sure] })
    expect(paths(prune(tree, limits).tree)).toEqual([[4]])
    expect(prune(new TokenTree(), limits).tree.size).toBe(0)
    expect(paths(prune(proposal(), { ...limits, constraint: new EveryThird() }).tree)).toEqual([[1, 2]])
  })

  it('does not prune a lookahead window: it is read as a whole', () => {
    const tree = proposal()
    tree.addPath(ROOT, [3, 3], { needsLogits: false })
    expect(prune(tree, { maxDepth: 3, maxNodes: 9, constraint: new EveryThird() }).tree).toBe(tree)
    expect(prune(tree, { maxDepth: 2, maxNodes: 9, constraint: new EveryThird() }).proposalIds).toEqual([0, 1, 3, 5, 6, 7])
  })
})
