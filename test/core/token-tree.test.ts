import { describe, expect, it } from 'vitest'
import { CachedSequence, ROOT, TokenTree } from '../../src/core/index.ts'
import { FakeModel } from '../../src/testing/index.ts'

/** 1 - 2 - 3 and 1 - 4. */
function sample(): TokenTree {
  const tree = new TokenTree()
  tree.addPath(ROOT, [1, 2, 3], { proposal: { origin: 'draft', chance: 0.5 } })
  tree.add(0, 4, { needsLogits: false })
  return tree
}

describe('TokenTree', () => {
  it('is a trie: equal paths are one node', () => {
    const tree = new TokenTree()
    tree.addPath(ROOT, [1, 2, 3])
    tree.addPath(ROOT, [1, 2, 4])
    expect(tree.size).toBe(4)
    expect(tree.leaves.map((leaf) => tree.tokensTo(leaf))).toEqual([
      [1, 2, 3],
      [1, 2, 4],
    ])
    expect(tree.isChain).toBe(false)
  })
  it('asks only for the last logits of a prompt', () => {
    const tree = TokenTree.chain([5, 6, 7])
    expect([0, 1, 2].map((node) => tree.needsLogits(node))).toEqual([false, false, true])
    expect(tree.isChain).toBe(true)
  })
  it('a node is wanted once anyone wants it', () => {
    const tree = new TokenTree()
    const node = tree.add(ROOT, 1, { needsLogits: false })
    tree.add(ROOT, 1)
    expect(tree.needsLogits(node)).toBe(true)
  })
  it('grafts another tree below a node and says where its nodes went', () => {
    const tree = TokenTree.chain([1, 2])
    const other = new TokenTree()
    other.addPath(ROOT, [3, 4])
    other.addPath(ROOT, [3, 5])
    expect(tree.graft(1, other)).toEqual([2, 3, 4])
    expect(tree.tokensTo(4)).toEqual([1, 2, 3, 5])
  })
  it('a node is wanted only if someone wants it', () => {
    const tree = new TokenTree()
    for (const _ of [1, 2]) expect(tree.add(ROOT, 1, { needsLogits: false })).toBe(0)
    expect(tree.needsLogits(0)).toBe(false)
    expect(tree.needsLogits(tree.add(ROOT, 2))).toBe(true)
    expect(TokenTree.chain([1, 2], (index) => index === 0).needsLogits(1)).toBe(false)
  })
  it('knows depth, parent, children, leaves and path of each node', () => {
    const tree = sample()
    expect([ROOT, 0, 1, 2, 3].map((node) => tree.depth(node))).toEqual([0, 1, 2, 3, 2])
    expect([0, 1, 2, 3].map((node) => tree.parent(node))).toEqual([ROOT, 0, 1, 0])
    expect([ROOT, 0, 1, 2, 3].map((node) => tree.children(node))).toEqual([[0], [1, 3], [2], [], []])
    expect([tree.child(0, 4), tree.child(0, 9), tree.child(2, 3)]).toEqual([3, undefined, undefined])
    expect(tree.leaves).toEqual([2, 3])
    expect([tree.path(ROOT), tree.path(2)]).toEqual([[], [0, 1, 2]])
  })
  it('is a chain if it is one path', () => {
    expect(new TokenTree().isChain).toBe(true)
    expect(sample().isChain).toBe(false)
    const twoTops = TokenTree.chain([1])
    twoTops.add(ROOT, 2)
    expect(twoTops.isChain).toBe(false)
  })
  it('copies what was said of each node: into another tree, and of some nodes', () => {
    const about = (tree: TokenTree, nodes: number[]) => nodes.map((node) => [tree.token(node), tree.needsLogits(node), tree.proposal(node)])
    const tree = sample()
    const larger = TokenTree.chain([7, 8])
    const places = larger.graft(0, tree)
    expect(about(larger, places)).toEqual(about(tree, [0, 1, 2, 3]))
    expect(places.map((node) => larger.depth(node))).toEqual([2, 3, 4, 3])
    const part = tree.only([0, 3])
    expect(part.size).toBe(2)
    expect(about(part, [0, 1])).toEqual(about(tree, [0, 3]))
    expect([part.parent(0), part.parent(1)]).toEqual([ROOT, 0])
  })
  it('refuses a parent or node that is not there', () => {
    expect(() => new TokenTree().add(0, 1)).toThrow(/no such node in a tree of 0: 0/)
    const tree = sample()
    for (const parent of [4, -2]) expect(() => tree.add(parent, 1)).toThrow(RangeError)
    expect(tree.size).toBe(4)
    for (const node of [-1, 4, Number.NaN]) expect(() => sample().token(node)).toThrow(`no such node in a tree of 4: ${node}`)
  })
})

describe('CachedText', () => {
  it('keeps the longest common prefix and leaves at least one token to send', () => {
    const text = new CachedSequence(new FakeModel().open(), 2)
    const steps = text.catchUp([1, 2, 3, 4, 5])
    const model = text.cache.model
    let next = steps.next()
    while (!next.done) next = steps.next(model.forward([next.value])[0] as never)
    expect(next.value).toEqual([5])
    expect(text.length).toBe(4)
    expect(text.align([1, 2, 9])).toEqual([9])
    expect(text.align([1, 2])).toEqual([2])
  })
})
