import { describe, expect, it } from 'vitest'
import { type Cache, type Logits, type Model, TokenTree } from '../../src/core/index.ts'
import { ROW_MATH } from '../../src/core/logits-math.ts'
import { FakeModel } from '../../src/testing/index.ts'

const run = (model: Model, cache: Cache, tokens: number[]): Logits => model.forward([{ cache, tree: TokenTree.chain(tokens) }])[0] as Logits
const texts = (count: number) => Array.from({ length: count }, (_, i) => [i % 64, (i * 7) % 64, (i * 29) % 61])

describe('FakeModel', () => {
  it('answers the same for the same seed and last tokens, and otherwise for another seed', () => {
    const row = (seed: number, text: number[]) => [...new FakeModel({ seed, order: 2 }).rowAfter(text)]
    expect(row(1, [9, 4, 5])).toEqual(row(1, [8, 4, 5]))
    expect(row(1, [9, 4, 5])).not.toEqual(row(1, [9, 3, 5]))
    expect(row(1, [9, 4, 5])).not.toEqual(row(2, [9, 4, 5]))
  })

  it('agrees with its target on the share of contexts asked for', () => {
    const model = new FakeModel({ seed: 1 })
    for (const rate of [0, 0.3, 0.8, 1]) {
      const draft = new FakeModel({ seed: 2, agreesWith: { model, rate } })
      const same =
        texts(2000).filter((text) => ROW_MATH.argmax(draft.rowAfter(text)) === ROW_MATH.argmax(model.rowAfter(text))).length / 2000
      // 1 in 64 agrees by chance; 0.04 is more than three standard deviations of 2000 draws.
      expect(Math.abs(same - (rate + (1 - rate) / 64))).toBeLessThan(0.04)
    }
  })

  it('is as repetitive as asked for', () => {
    const loops = (repetitiveness: number) => {
      const model = new FakeModel({ repetitiveness })
      return texts(500).filter(
        ([, b, c]) =>
          ROW_MATH.argmax(model.rowAfter([1, b as number, c as number])) === ROW_MATH.argmax(model.rowAfter([2, 3, c as number])),
      ).length
    }
    expect(loops(0)).toBeLessThan(50)
    expect(loops(1)).toBe(500)
  })

  it('takes a law instead of chance', () => {
    const model = new FakeModel({ vocabSize: 3, law: (text) => [0, text.length, 1] })
    expect([...model.rowAfter([0, 0])]).toEqual([0, 2, 1])
  })

  it('counts passes, widths, nodes and simulated seconds', () => {
    const model = new FakeModel({ cost: (tokens) => 0.5 + tokens })
    const [a, b] = [model.open(), model.open()]
    model.forward([
      { cache: a, tree: TokenTree.chain([1, 2]) },
      { cache: b, tree: TokenTree.chain([3]) },
    ])
    run(model, a, [4])
    expect({ passes: model.passes, widths: model.widths, nodes: model.nodes, elapsed: model.elapsed }).toEqual({
      passes: 2,
      widths: [3, 1],
      nodes: 4,
      elapsed: 5,
    })
  })

  it('counts open caches; closing twice counts once', () => {
    const model = new FakeModel()
    const caches = [model.open(), model.open()]
    expect(model.openCaches).toBe(2)
    caches[0]?.close()
    caches[0]?.close()
    expect(model.openCaches).toBe(1)
  })

  it('a pass that throws changes nothing', () => {
    const model = new FakeModel({ vocabSize: 8 })
    const [a, b] = [model.open(), model.open()]
    const passes = [
      { cache: a, tree: TokenTree.chain([1]) },
      { cache: b, tree: TokenTree.chain([8]) },
    ]
    expect(() => model.forward(passes)).toThrow(/no such token in a vocabulary of 8: received 8/)
    expect(() => a.commit([0])).toThrow(/no tree is pending/)
    expect(model.passes).toBe(0)
  })
})

describe('FakeModel forgives nothing', () => {
  const model = new FakeModel({ contextLength: 6, maxBatch: 5 })
  const withTree = (use: (cache: Cache, tree: TokenTree, logits: Logits) => void) => {
    const cache = model.open()
    const tree = new TokenTree()
    tree.addPath(-1, [1, 2, 3])
    tree.add(0, 4, { needsLogits: false })
    use(cache, tree, model.forward([{ cache, tree }])[0] as Logits)
    cache.close()
  }

  it('wrong paths', () =>
    withTree((cache) => {
      expect(() => cache.commit([1])).toThrow(RangeError)
      expect(() => cache.commit([0, 2])).toThrow(/not a path of the pending tree: 0 2/)
      expect(() => cache.commit([0, 1, 2, 3])).toThrow(RangeError)
      expect(() => cache.commit([9])).toThrow(RangeError)
      cache.commit([0, 3])
      expect(cache.length).toBe(2)
      expect(() => cache.commit([])).toThrow(/no tree is pending/)
    }))

  it('a row that was not asked for, or of an earlier pass', () =>
    withTree((cache, _, logits) => {
      expect(() => logits.row(3)).toThrow(/logits of node 3 were not asked for/)
      expect(() => logits.row(4)).toThrow(RangeError)
      cache.rollback(0)
      expect(() => logits.argmax(2)).not.toThrow()
      run(model, cache, [1])
      expect(() => logits.argmax(2)).toThrow(/another pass has run/)
    }))

  it('the context and the batch', () =>
    withTree((cache) => {
      cache.commit([0, 1, 2])
      expect(() => run(model, cache, [1, 1, 1, 1])).toThrow(/reaches position 7, the context holds 6/)
      expect(() => run(model, cache, [1, 1, 1, 1, 1, 1])).toThrow(/at most 5 tokens per pass: received 6/)
      expect(() => run(model, cache, [1, 1, 1])).not.toThrow()
    }))

  it('tokens that are none, an empty tree, wrong lengths, caches of others', () =>
    withTree((cache) => {
      for (const token of [-1, 64, 0.5, Number.NaN]) expect(() => run(model, cache, [token])).toThrow(RangeError)
      expect(() => run(model, cache, [])).toThrow(/empty tree/)
      for (const length of [-1, 1, 0.5]) expect(() => cache.rollback(length)).toThrow(RangeError)
      expect(() => run(new FakeModel(), cache, [1])).toThrow(/belongs to another model/)
    }))

  it('use after close', () =>
    withTree((cache) => {
      cache.close()
      for (const use of [() => cache.commit([]), () => cache.rollback(0), () => run(model, cache, [1])]) expect(use).toThrow(/closed/)
    }))
})
