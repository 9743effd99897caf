import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { type Cache, ROOT, TokenTree } from '../../src/core/index.ts'
import { LlamaModel } from '../../src/llama/model.ts'
import { goldenFile } from './model-files.ts'

/** A pass after the error must give the same logits as before it. */
describe('what the native code would crash on or get wrong is refused', () => {
  let model: LlamaModel
  let cache: Cache
  const logitsOf = (tokens: number[]) => {
    const [logits] = model.forward([{ cache, tree: TokenTree.chain(tokens) }])
    const row = Float32Array.from(logits?.row(tokens.length - 1) ?? [])
    cache.rollback(0)
    return row
  }
  beforeEach(() => {
    model = LlamaModel.load(goldenFile('target.gguf'), { threads: 1, contextLength: 600, sessions: 2 })
    cache = model.open()
    onTestFinished(() => model.close())
  })

  test.each([
    ['an unknown token', [5, 64], 'no such token in a vocabulary of 64: received 64'],
    ['a negative token', [-1], 'received -1'],
    ['a token that is no number', [Number.NaN], 'received NaN'],
    ['half a token', [1.5], 'received 1.5'],
    ['no token', [], 'received an empty tree'],
    ['too many tokens', Array(513).fill(3), 'at most 512 tokens per pass: received 513'],
  ])('%s', (_, tokens, message) => {
    const before = logitsOf([4, 5])
    expect(() => model.forward([{ cache, tree: TokenTree.chain(tokens) }])).toThrow(message)
    expect(logitsOf([4, 5])).toEqual(before)
  })

  test('more leaves than sequence ids, and a pass that works afterwards', () => {
    const tree = new TokenTree()
    for (let i = 0; i < 384; i++) tree.add(i < 64 ? ROOT : i % 64, i < 64 ? i : Math.floor(i / 64))
    expect(tree.leaves).toHaveLength(320)
    const before = logitsOf([4, 5])
    const other = model.open()
    expect(() =>
      model.forward([
        { cache: other, tree: TokenTree.chain([7]) },
        { cache, tree },
      ]),
    ).toThrow(expect.objectContaining({ code: 'E_ENGINE', message: expect.stringContaining('leaves') }))
    expect(other.length).toBe(0)
    expect(logitsOf([4, 5])).toEqual(before)
  })

  test('a pass beyond the context', () => {
    const fill = TokenTree.chain(Array(300).fill(3))
    for (let i = 0; i < 2; i++) {
      model.forward([{ cache, tree: fill }])
      cache.commit(fill.path(299))
    }
    expect(() => model.forward([{ cache, tree: TokenTree.chain([3]) }])).toThrow(
      expect.objectContaining({ code: 'E_CONTEXT', message: 'a pass reaches position 601, the context holds 600 tokens' }),
    )
    cache.rollback(599)
    expect(model.forward([{ cache, tree: TokenTree.chain([3]) }])).toHaveLength(1)
  })

  test('every session may fill its context at once', () => {
    const other = model.open()
    const half = TokenTree.chain(Array.from({ length: 200 }, (_, i) => i % 60))
    for (let i = 0; i < 3; i++) {
      model.forward([{ cache, tree: half }])
      cache.commit(half.path(199))
      model.forward([{ cache: other, tree: half }])
      other.commit(half.path(199))
    }
    expect([cache.length, other.length]).toEqual([600, 600])
  })

  test('logits that were not asked for, or are gone', () => {
    const tree = TokenTree.chain([4, 5])
    const [logits] = model.forward([{ cache, tree }])
    expect(() => logits?.row(0)).toThrow('the logits of node 0 were not asked for')
    expect(() => logits?.argmax(7)).toThrow(RangeError)
    expect(logits?.argmax(1)).toBeTypeOf('number')
    model.close()
    expect(() => logits?.row(1)).toThrow('gone')
    expect(() => logits?.argmax(1)).toThrow('gone')
  })

  test('paths that are not in the tree', () => {
    const tree = TokenTree.chain([4, 5, 6])
    model.forward([{ cache, tree }])
    expect(() => cache.commit([1])).toThrow('not a path of the pending tree: 1')
    expect(() => cache.commit([0, 2])).toThrow('not a path of the pending tree: 0 2')
    cache.commit([0, 1])
    expect(cache.length).toBe(2)
    expect(() => cache.commit([0])).toThrow('no tree is pending')
    for (const length of [-1, 3, 0.5, Number.NaN]) expect(() => cache.rollback(length)).toThrow(RangeError)
  })

  test('too many caches, and a closed one', () => {
    const other = model.open()
    expect(() => model.open()).toThrow(expect.objectContaining({ code: 'E_ENGINE', message: expect.stringContaining('close one') }))
    other.close()
    other.close()
    for (const use of [
      () => other.rollback(0),
      () => other.commit([]),
      () => model.forward([{ cache: other, tree: TokenTree.chain([1]) }]),
    ]) {
      expect(use).toThrow(expect.objectContaining({ code: 'E_CLOSED' }))
    }
    expect(model.open().length).toBe(0)
  })

  test('a cache of another model', () => {
    const draft = LlamaModel.load(goldenFile('draft.gguf'), { threads: 1, contextLength: 64 })
    expect(() => draft.forward([{ cache, tree: TokenTree.chain([1]) }])).toThrow(new TypeError('this cache belongs to another model'))
    draft.close()
  })

  test('a closed model', () => {
    model.close()
    model.close()
    for (const use of [() => model.open(), () => model.forward([{ cache, tree: TokenTree.chain([1]) }]), () => cache.rollback(0)]) {
      expect(use).toThrow(expect.objectContaining({ code: 'E_CLOSED' }))
    }
    cache.close()
  })

  test('words of a closed model', () => {
    model.close()
    for (const use of [() => model.vocabulary.spelling(4), () => model.vocabulary.bytes(4), () => model.vocabulary.tokenize('a')]) {
      expect(use).toThrow(expect.objectContaining({ code: expect.stringMatching(/E_CLOSED|E_MODEL/) }))
    }
    expect(() => model.vocabulary.spelling(4)).toThrow(expect.objectContaining({ code: 'E_CLOSED' }))
  })
})
