import type { Cache, Logits, Model } from '../core/model.ts'
import type { Token } from '../core/token.ts'
import { ROOT, TokenTree } from '../core/token-tree.ts'
import { type ContractOptions, checkNext, expectEqual, expectThrow, plainRow, type Runner, same, withCache } from './contract-checks.ts'
import { type Draw, drawer } from './contract-shapes.ts'

/** What `modelContract` is for other models, for a recurrent one. It must allow three caches at once and 64 tokens of context. */
export function recurrentContract(name: string, options: ContractOptions, runner: Runner): void {
  runner.describe(`recurrent contract: ${name}`, () => {
    let model: Model
    runner.beforeAll(async () => {
      model = await options.open()
    })
    runner.afterAll(() => options.close?.(model))
    for (const seed of [1, 2, 3]) runner.it(`two sessions' random lives, ${seed}`, () => checkLives(model, seed, options.tolerance))
    runner.it('passes that are given up', () => checkGivenUp(model, options.tolerance))
    runner.it('bad input throws and harms nothing', () => checkErrors(model, options.tolerance))
  })
}

/** A cache, and the text that it should hold. */
interface Life {
  readonly cache: Cache
  text: Token[]
  checkpoint: number
}

const MOST = 40

/** Joint passes of unequal lengths, kept, in part or as a whole; checkpoints, rollbacks and adoptions: every row is a fresh text's. */
function checkLives(model: Model, seed: number, tolerance: number): void {
  const draw = drawer(seed)
  const vocabSize = Math.min(model.vocabSize, 300)
  const one = (): Token => 3 + draw(vocabSize - 3)
  withCache(model, (first) => {
    withCache(model, (second) => {
      const lives: Life[] = [first, second].map((cache) => ({ cache, text: [], checkpoint: 0 }))
      for (let round = 0; round < 60; round++) {
        const group = draw(3) === 0 ? lives : [lives[draw(2)] as Life]
        for (const life of group) settle(life, lives, draw)
        const passes = group.map(({ cache, text }) => {
          if (text.length > MOST) cache.rollback(0)
          return { cache, tree: TokenTree.chain(Array.from({ length: 1 + draw(6) }, one), () => true), prompt: draw(4) === 0 }
        })
        for (const life of group) sync(life)
        const all = model.forward(passes)
        const rows = passes.map(({ tree }, i) => tree.path(tree.size - 1).map((node) => Float32Array.from((all[i] as Logits).row(node))))
        passes.forEach(({ cache, tree }, i) => {
          const life = group[i] as Life
          const kept = tree.path(tree.size - 1).slice(0, draw(2) === 0 ? tree.size : draw(tree.size + 1))
          cache.commit(kept)
          const isWhole = kept.length === tree.size
          const before = life.text
          life.text = isWhole ? [...before, ...tree.tokensTo(tree.size - 1)] : before.slice(0, cache.length)
          expectEqual(cache.length, life.text.length, `length after keeping ${kept.length} of ${tree.size} tokens`)
          expectEqual(Math.max(cache.length, life.checkpoint), cache.length, 'not less than the checkpoint')
          const node = draw(tree.size)
          const fresh = plainRow(model, [...before, ...tree.tokensTo(node)])
          same(rows[i]?.[node] as Float32Array, fresh, tolerance, `round ${round}, node ${node}`)
        })
      }
    })
  })
}

/** What happens between passes. */
function settle(life: Life, lives: readonly Life[], draw: Draw): void {
  const { cache } = life
  const other = lives.find((one) => one !== life) as Life
  const what = draw(6)
  if (what < 3) {
    cache.checkpoint()
    life.checkpoint = cache.length
  } else if (what === 3) {
    const length = cache.reachable(draw(cache.length + 1))
    cache.rollback(length)
    sync(life)
  } else if (what === 4 && draw(2) === 0) {
    const length = other.cache.reachable(draw(other.cache.length + 1))
    cache.adopt(other.cache, length)
    life.text = other.text.slice(0, length)
    life.checkpoint = 0
  }
}

function sync(life: Life): void {
  life.text.length = life.cache.length
  if (life.checkpoint > life.text.length) life.checkpoint = 0
}

function checkGivenUp(model: Model, tolerance: number): void {
  const text = [5, 9, 7, 30, 8]
  withCache(model, (cache) => {
    const run = (tokens: readonly Token[]) => {
      const tree = TokenTree.chain(tokens)
      model.forward([{ cache, tree }])
      return tree
    }
    cache.commit(run(text).path(4))
    run([4, 6])
    expectEqual(cache.reachable(cache.length), 0, 'with a pass pending and no checkpoint')
    expectThrow(() => run([4]), 'a pass behind one that cannot be taken back')
    cache.rollback(0)
    cache.commit(run(text).path(4))
    cache.checkpoint()
    run([4, 6])
    run([6, 4])
    cache.rollback(text.length)
    checkNext(model, cache, text, 11, tolerance, 'after two passes that were given up')
    run([4])
    withCache(model, (other) => {
      other.adopt(cache, text.length)
      checkNext(model, other, text, 12, tolerance, 'from the checkpoint of a cache with a pass pending')
    })
    cache.rollback(text.length)
    checkNext(model, cache, text, 13, tolerance, 'after another one has taken it')
  })
}

function checkErrors(model: Model, tolerance: number): void {
  withCache(model, (cache) => {
    const text = [5, 9, 7]
    const tree = TokenTree.chain(text)
    model.forward([{ cache, tree }])
    cache.commit(tree.path(2))
    const fork = new TokenTree()
    fork.addPath(ROOT, [4, 5])
    fork.addPath(ROOT, [4, 6])
    expectThrow(() => model.forward([{ cache, tree: fork }]), 'a tree with branches', true)
    expectThrow(() => model.forward([{ cache, tree: new TokenTree() }]), 'an empty tree', true)
    expectThrow(() => model.forward([{ cache, tree: TokenTree.chain([model.vocabSize]) }]), 'a token beyond the vocabulary', true)
    expectThrow(() => cache.rollback(1), 'a rollback to where no checkpoint is', true)
    expectThrow(() => cache.rollback(4), 'a rollback beyond the length', true)
    withCache(model, (other) => {
      expectThrow(() => other.adopt(cache, 2), 'taking what cannot be gone back to', true)
      other.adopt(cache, 3)
      checkNext(model, other, text, 8, tolerance, 'who has taken all')
    })
    checkNext(model, cache, text, 9, tolerance, 'after errors')
  })
}
