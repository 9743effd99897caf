import { describe, expect, test } from 'vitest'
import { CachedText } from '../../src/core/cached-text.ts'
import { type Cache, type NodeId, ROOT, type Token, TokenTree } from '../../src/core/index.ts'
import { LlamaModel, type LlamaModelOptions } from '../../src/engine/llama-model.ts'
import { installedEngines } from '../../src/engine/platform.ts'
import { drawer } from '../../src/testing/contract-shapes.ts'
import { modelFile } from './model-files.ts'

const draw = drawer(5)
const words = (length: number) => Array.from({ length }, () => draw(1000))
const TOLERANCE = 1.5

async function withModel(options: LlamaModelOptions, use: (model: LlamaModel) => void): Promise<void> {
  const model = LlamaModel.load(await modelFile('smollm2-135m'), { engine: 'ik', contextLength: 800, ...options })
  try {
    use(model)
  } finally {
    model.close()
  }
}

/** Commits `tokens` in chunks, narrow ones since wider passes have rougher kernels; the last one's logits. */
function read(cache: Cache, tokens: readonly Token[]): Float32Array {
  let row: Float32Array = new Float32Array()
  for (let at = 0; at < tokens.length; at += 16) {
    const tree = TokenTree.chain(tokens.slice(at, at + 16))
    const [logits] = cache.model.forward([{ cache, tree }])
    row = Float32Array.from(logits?.row(tree.size - 1) ?? [])
    cache.commit(tree.path(tree.size - 1))
  }
  return row
}

function difference(a: Float32Array, b: Float32Array): number {
  return a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - (b[i] as number))), 0)
}

/** A trunk of 4 with a branch of 3 at each of its nodes. */
function comb(): TokenTree {
  const tree = new TokenTree()
  const trunk = tree.addPath(ROOT, words(4))
  for (const node of trunk) tree.addPath(node, words(3))
  return tree
}

describe.skipIf(!installedEngines().includes('ik'))('ik_llama.cpp', () => {
  // Its search for the last used cell looks at every 32nd one only, and its flash attention at the first of each block: trees that lie
  // across such borders are what would go wrong.
  test.each([24, 30, 250, 254, 257, 505, 511, 600])(
    'branches behind %i tokens have the logits of chains, and the text goes on',
    async (length) => {
      await withModel({ sessions: 2 }, (model) => {
        const prefix = words(length)
        const [cache, fresh] = [model.open(), model.open()]
        const text = new CachedText(cache)
        read(cache, prefix)
        read(fresh, prefix)
        for (let round = 0; round < 4; round++) {
          const tree = comb()
          const [logits] = model.forward([{ cache, tree }])
          const rows = tree.leaves.map((leaf) => Float32Array.from(logits?.row(leaf) ?? []))
          const before = fresh.length
          tree.leaves.forEach((leaf, i) => {
            expect(difference(rows[i] as Float32Array, read(fresh, tree.tokensTo(leaf)))).toBeLessThan(TOLERANCE)
            fresh.rollback(before)
          })
          const winner = tree.leaves[round] as NodeId
          text.commit(tree, winner)
          read(fresh, tree.tokensTo(winner).slice(0, cache.length - before))
        }
        const token = draw(1000)
        expect(difference(read(cache, [token]), read(fresh, [token]))).toBeLessThan(TOLERANCE)
      })
    },
  )

  test('contexts without caches are made anew, an open cache keeps its text', async () => {
    await withModel({ sessions: 2 }, (model) => {
      const [prefix, token] = [words(40), draw(1000)]
      const [cache, other] = [model.open(), model.open()]
      read(cache, prefix)
      model.forward([{ cache: other, tree: TokenTree.chain(words(64)) }])
      other.close()
      model.renewIdle()
      const fresh = model.open()
      read(fresh, prefix)
      expect(read(cache, [token])).toEqual(read(fresh, [token]))
    })
  })

  test('sessions in one pass, each with its own cells, at several lengths; a closed one harms nobody', async () => {
    await withModel({ sessions: 3 }, (model) => {
      const texts = [3, 270, 520].map(words)
      const caches = texts.map((text) => {
        const cache = model.open()
        read(cache, text)
        return cache
      })
      expect(() => model.open()).toThrow(expect.objectContaining({ code: 'E_ENGINE' }))
      const trees = caches.map(() => comb())
      const all = model.forward(caches.map((cache, i) => ({ cache, tree: trees[i] as TokenTree })))
      const rows = all.map((logits, i) => Float32Array.from(logits.row(trees[i]?.leaves.at(-1) as NodeId)))
      caches[0]?.close()
      const fresh = model.open()
      trees.forEach((tree, i) => {
        fresh.rollback(0)
        read(fresh, texts[i] as Token[])
        const path = tree.tokensTo(tree.leaves.at(-1) as NodeId)
        expect(difference(rows[i] as Float32Array, read(fresh, path))).toBeLessThan(TOLERANCE)
      })
    })
  })

  test('with flash attention chains are right and trees are refused', async () => {
    await withModel({ flashAttention: true, cacheTypeK: 'q8_0', cacheTypeV: 'q8_0', sessions: 2 }, (model) => {
      expect(model.treeLimits).toEqual({ leaves: 1 })
      const [cache, fresh] = [model.open(), model.open()]
      const text = words(300)
      expect(difference(read(cache, text), read(fresh, text))).toBe(0)
      expect(() => model.forward([{ cache, tree: comb() }])).toThrow(expect.objectContaining({ code: 'E_ENGINE' }))
      const chain = TokenTree.chain(words(9))
      model.forward([{ cache, tree: chain }])
      cache.commit(chain.path(4))
      const after = [...text, ...chain.tokensTo(4), 7]
      fresh.rollback(0)
      expect(difference(read(cache, [7]), read(fresh, after))).toBeLessThan(TOLERANCE)
    })
  })

  test('a path that would leave holes in the cache is refused', async () => {
    await withModel({}, (model) => {
      const cache = model.open()
      const tree = comb()
      model.forward([{ cache, tree }])
      expect(() => cache.commit(tree.path(tree.leaves[1] as NodeId))).toThrow(RangeError)
      expect(cache.adopt).toBeUndefined()
    })
  })

  test.each([
    [{ cacheTypeV: 'bf16' }, /bf16 without flash attention.*f16 or f32/],
    [{ cacheTypeK: 'bf16', flashAttention: true }, /bf16 with flash attention.*f16 or q8_0/],
    [{ cacheTypeV: 'q8_0', flashAttention: false }, /q8_0/],
  ] as [LlamaModelOptions, RegExp][])('cache types that would end the process are refused: %j', async (options, message) => {
    await expect(withModel(options, () => {})).rejects.toMatchObject({ code: 'E_USAGE', message: expect.stringMatching(message) })
  })
})
