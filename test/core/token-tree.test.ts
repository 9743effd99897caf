import { describe, expect, it } from 'vitest'
import { CachedSequence, ROOT, TokenTree } from '../../src/core/index.ts'
import { FakeModel } from '../../src/testing/index.ts'

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
  it('refuses a parent or node that is not there', () => {
    expect(() => new TokenTree().add(0, 1)).toThrow(/no such parent in a tree of 0 nodes: 0/)
    expect(() => new TokenTree().token(0)).toThrow(/no such node/)
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
