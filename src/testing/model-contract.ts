import { CachedSequence } from '../core/cached-sequence.ts'
import type { Cache, Logits, Model } from '../core/model.ts'
import type { Token } from '../core/token.ts'
import { type NodeId, ROOT, TokenTree } from '../core/token-tree.ts'
import {
  type ContractOptions,
  checkNext,
  expectEqual,
  expectThrow,
  plainRow,
  type Runner,
  read,
  same,
  withCache,
} from './contract-checks.ts'
import { drawer, path, SHAPES, type Shape } from './contract-shapes.ts'

/**
 * What every engine must hold, whatever the drafter asks of it: tree logits equal plain decoding's, and a cache after
 * commit or rollback is as if freshly filled. The model must allow three caches at once and 64 tokens of context, and read trees:
 * `recurrentContract` is for those that read chains.
 */
export function modelContract(name: string, options: ContractOptions, runner: Runner): void {
  runner.describe(`model contract: ${name}`, () => {
    let model: Model
    runner.beforeAll(async () => {
      model = await options.open()
    })
    runner.afterAll(() => options.close?.(model))
    for (const [test, shape] of Object.entries(SHAPES)) runner.it(test, () => checkShape(model, shape, options.tolerance))
    runner.it('several sessions in one pass', () => checkSessions(model, options.tolerance))
    runner.it('a prefix shared with another session', () => checkAdoption(model, options.tolerance))
    runner.it('rollback to any length', () => checkRollback(model, options.tolerance))
    runner.it('a long prompt in chunks', () => checkChunks(model, options.tolerance))
    runner.it('the widest tree', () => checkWidest(model, options.tolerance))
    runner.it('bad input throws and harms nothing', () => checkErrors(model, options.tolerance))
  })
}

/** Tree logits equal a chain's; then, for several paths, commit, continue, and compare with a fresh text. */
function checkShape(model: Model, shape: Shape, tolerance: number): void {
  const draw = drawer(11)
  const vocabSize = Math.min(model.vocabSize, 1000)
  const prefix = Array.from({ length: 5 }, () => draw(vocabSize))
  const tree = shape(draw, vocabSize)
  const wanted = Array.from({ length: tree.size }, (_, node) => node).filter((node) => tree.needsLogits(node))
  withCache(model, (cache) => {
    const text = new CachedSequence(cache)
    read(model, text, prefix)
    const [logits] = model.forward([{ cache, tree }])
    const rows = new Map(wanted.map((node) => [node, Float32Array.from((logits as Logits).row(node))]))
    for (let node = 0; node < tree.size; node++) {
      if (!tree.needsLogits(node)) expectThrow(() => (logits as Logits).row(node), `reading node ${node}, which was not asked for`)
    }
    cache.rollback(prefix.length)
    walkPlainly(model, cache, tree, ROOT, (node, row) => {
      if (rows.has(node)) same(rows.get(node) as Float32Array, row, tolerance, `node ${node}`)
    })
  })
  const deepest = tree.leaves.reduce((a, b) => (tree.depth(b) > tree.depth(a) ? b : a))
  const ends = new Set([0, Math.floor(tree.size / 2), tree.size - 1, tree.leaves[0] as NodeId, deepest])
  const kept = [[], ...[...ends].map((node) => tree.path(node))]
  for (const nodes of kept) {
    withCache(model, (cache) => {
      read(model, new CachedSequence(cache), prefix)
      model.forward([{ cache, tree }])
      cache.commit(nodes)
      expectEqual(cache.length, prefix.length + nodes.length, 'committed length')
      const after = [...prefix, ...nodes.map((node) => tree.token(node))]
      checkNext(model, cache, after, draw(vocabSize), tolerance, `after keeping ${nodes.join(' ')}`)
    })
  }
}

/** Visits every node below `parent` by one-token passes, as plain decoding would come to it. */
function walkPlainly(model: Model, cache: Cache, tree: TokenTree, parent: NodeId, visit: (node: NodeId, row: Float32Array) => void): void {
  const length = cache.length
  for (const node of tree.children(parent)) {
    const [logits] = model.forward([{ cache, tree: TokenTree.chain([tree.token(node)]) }])
    visit(node, Float32Array.from((logits as Logits).row(0)))
    cache.commit([0])
    walkPlainly(model, cache, tree, node, visit)
    cache.rollback(length)
  }
}

function checkSessions(model: Model, tolerance: number): void {
  const draw = drawer(23)
  const vocabSize = Math.min(model.vocabSize, 1000)
  const prefixes = [3, 8].map((length) => Array.from({ length }, () => draw(vocabSize)))
  const trees = [SHAPES['draft with suffixes at its end'], SHAPES['deep random tree']].map((shape) => shape(draw, vocabSize))
  withCache(model, (first) => {
    withCache(model, (second) => {
      const caches = [first, second]
      caches.forEach((cache, i) => {
        read(model, new CachedSequence(cache), prefixes[i] as Token[])
      })
      const all = model.forward(caches.map((cache, i) => ({ cache, tree: trees[i] as TokenTree })))
      const rows = all.map((logits, i) => (trees[i] as TokenTree).leaves.map((leaf) => Float32Array.from(logits.row(leaf))))
      trees.forEach((tree, i) => {
        tree.leaves.forEach((leaf, j) => {
          const fresh = plainRow(model, [...(prefixes[i] as Token[]), ...tree.tokensTo(leaf)])
          same(rows[i]?.[j] as Float32Array, fresh, tolerance, `session ${i} leaf ${leaf}`)
        })
      })
      caches.forEach((cache, i) => {
        const tree = trees[i] as TokenTree
        model.forward([{ cache, tree }])
        const nodes = tree.path(tree.leaves.at(-1) as NodeId)
        cache.commit(nodes)
        const text = [...(prefixes[i] as Token[]), ...nodes.map((node) => tree.token(node))]
        checkNext(model, cache, text, draw(vocabSize), tolerance, `session ${i} goes on`)
      })
    })
  })
}

/** The prefix of another session, whose tree is pending, is as good as one's own, and outlives the other. */
function checkAdoption(model: Model, tolerance: number): void {
  const draw = drawer(29)
  const vocabSize = Math.min(model.vocabSize, 1000)
  const prefix = Array.from({ length: 9 }, () => draw(vocabSize))
  const shared = prefix.slice(0, 6)
  withCache(model, (second) => {
    withCache(model, (first) => {
      read(model, new CachedSequence(first), prefix)
      read(model, new CachedSequence(second), prefix.slice(0, 2).reverse())
      model.forward([{ cache: first, tree: SHAPES['guess set'](draw, vocabSize) }])
      second.adopt(first, shared.length)
      expectEqual(second.length, shared.length, 'length after sharing')
      expectThrow(() => second.adopt(first, prefix.length + 1), 'more than the other has', true)
      checkNext(model, second, shared, draw(vocabSize), tolerance, 'who shares')
      first.rollback(prefix.length)
      checkNext(model, first, prefix, draw(vocabSize), tolerance, 'who is shared')
    })
    second.rollback(shared.length)
    checkNext(model, second, shared, draw(vocabSize), tolerance, 'after the other is closed')
  })
}

function checkRollback(model: Model, tolerance: number): void {
  const draw = drawer(37)
  const vocabSize = Math.min(model.vocabSize, 1000)
  const prefix = Array.from({ length: 12 }, () => draw(vocabSize))
  for (const length of [0, 5, 12]) {
    withCache(model, (cache) => {
      read(model, new CachedSequence(cache), prefix)
      model.forward([{ cache, tree: SHAPES['guess set'](draw, vocabSize) }])
      cache.rollback(length)
      expectEqual(cache.length, length, 'length after rollback')
      checkNext(model, cache, prefix.slice(0, length), draw(vocabSize), tolerance, `after rollback to ${length}`)
    })
  }
}

function checkChunks(model: Model, tolerance: number): void {
  const draw = drawer(41)
  const vocabSize = Math.min(model.vocabSize, 1000)
  const prompt = Array.from({ length: 30 }, () => draw(vocabSize))
  withCache(model, (cache) => {
    for (let at = 0; at < 29; at += 7) {
      const tree = TokenTree.chain(prompt.slice(at, Math.min(at + 7, 29)))
      model.forward([{ cache, tree }])
      cache.commit(tree.path(tree.size - 1))
    }
    checkNext(model, cache, prompt.slice(0, 29), prompt[29] as Token, tolerance, 'after chunks')
  })
}

/** As many tokens as one pass takes (at most 512), in 16 branches: each end is right, and the last branch can be kept. */
function checkWidest(model: Model, tolerance: number): void {
  const draw = drawer(47)
  const vocabSize = Math.min(model.vocabSize, 1000)
  const prefix = Array.from({ length: 5 }, () => draw(vocabSize))
  const length = Math.floor(Math.min(model.maxBatch, 512) / 16)
  const tree = new TokenTree()
  while (tree.leaves.length < 16) {
    let at = tree.add(ROOT, draw(vocabSize), { needsLogits: false })
    while (tree.depth(at) < length) at = tree.add(at, draw(vocabSize), { needsLogits: tree.depth(at) === length - 1 })
  }
  withCache(model, (cache) => {
    read(model, new CachedSequence(cache), prefix)
    const [logits] = model.forward([{ cache, tree }])
    const ends = [tree.leaves[0], tree.leaves[15]] as NodeId[]
    const rows = ends.map((end) => Float32Array.from((logits as Logits).row(end)))
    const kept = tree.path(ends[1] as NodeId)
    cache.commit(kept)
    const texts = ends.map((end) => [...prefix, ...tree.tokensTo(end)])
    checkNext(
      model,
      cache,
      [...prefix, ...kept.map((node) => tree.token(node))],
      draw(vocabSize),
      tolerance,
      'after keeping the last branch',
    )
    for (const [i, text] of texts.entries()) same(rows[i] as Float32Array, plainRow(model, text), tolerance, `branch ${i === 0 ? 0 : 15}`)
  })
}

function checkErrors(model: Model, tolerance: number): void {
  withCache(model, (cache) => {
    const draw = drawer(43)
    const text = [1, 2, 3]
    read(model, new CachedSequence(cache), text)
    expectThrow(() => model.forward([{ cache, tree: new TokenTree() }]), 'an empty tree', true)
    expectThrow(() => model.forward([{ cache, tree: TokenTree.chain([model.vocabSize]) }]), 'a token beyond the vocabulary', true)
    expectThrow(() => model.forward([{ cache, tree: TokenTree.chain([-1]) }]), 'a negative token', true)
    expectThrow(() => model.forward([{ cache, tree: path(draw, 60, model.maxBatch + 1) }]), 'a tree over the batch', true)
    expectThrow(() => cache.commit([0]), 'a commit without a tree')
    expectThrow(() => cache.rollback(4), 'a rollback beyond the length', true)
    const pass = { cache, tree: TokenTree.chain([4]) }
    expectThrow(() => model.forward([pass, pass]), 'one cache twice', true)
    checkNext(model, cache, text, 5, tolerance, 'after errors')
    const [old] = model.forward([{ cache, tree: TokenTree.chain([6]) }])
    cache.rollback(4)
    model.forward([{ cache, tree: TokenTree.chain([7]) }])
    expectThrow(() => (old as Logits).row(0), 'logits of an earlier pass')
    cache.close()
    expectThrow(() => model.forward([{ cache, tree: TokenTree.chain([4]) }]), 'a closed cache', true)
  })
}
