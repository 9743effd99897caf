import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Cache, type ForwardInput, type Logits, type Token, TokenTree } from '../../src/core/index.ts'
import { FakeModel, type FakeModelOptions, modelContract, type Runner, recurrentContract } from '../../src/testing/index.ts'

modelContract('FakeModel', { open: () => new FakeModel({ vocabSize: 100 }), tolerance: 0 }, { describe, it, beforeAll, afterAll })

recurrentContract(
  'FakeModel',
  { open: () => new FakeModel({ vocabSize: 100, isRecurrent: true }), tolerance: 0 },
  { describe, it, beforeAll, afterAll },
)

/** Runs the suite at once and tells which tests fail. */
async function failures(open: () => FakeModel, contract = modelContract): Promise<string[]> {
  const before: (() => void | Promise<void>)[] = []
  const tests: [string, () => void | Promise<void>][] = []
  const runner: Runner = {
    describe: (_, body) => body(),
    it: (name, body) => tests.push([name, body]),
    beforeAll: (body) => before.push(body),
    afterAll: () => {},
  }
  contract('broken', { open, tolerance: 0 }, runner)
  for (const body of before) await body()
  const failed: string[] = []
  for (const [name, body] of tests) {
    try {
      await body()
    } catch {
      failed.push(name)
    }
  }
  return failed
}

const OPTIONS: FakeModelOptions = { vocabSize: 100 }

/** The usual mask bug: a node sees every node before it, siblings' paths included. */
class SeesSiblings extends FakeModel {
  override forward(passes: readonly ForwardInput[]): readonly Logits[] {
    const all = super.forward(passes)
    return all.map((logits, i) => {
      const { tree } = passes[i] as ForwardInput
      const seen = (node: number) => this.rowAfter(Array.from({ length: node + 1 }, (_, at) => tree.token(at)))
      return tree.isChain ? logits : { ...logits, row: (node) => (tree.needsLogits(node) ? seen(node) : logits.row(node)) }
    })
  }
}

/** The usual cache bug: after a branch wins, the trunk's cells stay. */
class KeepsTheTrunk extends FakeModel {
  override open(): Cache {
    const cache = super.open()
    const trees = new Map<Cache, TokenTree>()
    const commit = cache.commit.bind(cache)
    this.#trees = trees
    cache.commit = (path) => {
      const tree = trees.get(cache)
      const trunk = tree?.path(tree.leaves[0] as number) ?? []
      commit(path.length > 1 && path.length <= trunk.length ? trunk.slice(0, path.length) : path)
    }
    return cache
  }

  #trees: Map<Cache, TokenTree> | undefined
  override forward(passes: readonly ForwardInput[]): readonly Logits[] {
    const all = super.forward(passes)
    for (const { cache, tree } of passes) this.#trees?.set(cache, tree)
    return all
  }
}

/** The usual fault of a running state: rejected tokens stay in it. */
class KeepsTheRejected extends FakeModel {
  override open(): Cache {
    const cache = super.open()
    const commit = cache.commit.bind(cache)
    const trees = this.#trees
    cache.commit = (path) => commit(path.length > 0 ? [...(trees.get(cache)?.path((trees.get(cache) as TokenTree).size - 1) ?? [])] : path)
    return cache
  }

  readonly #trees = new Map<Cache, TokenTree>()
  override forward(passes: readonly ForwardInput[]): readonly Logits[] {
    for (const { cache, tree } of passes) this.#trees.set(cache, tree)
    return super.forward(passes)
  }
}

/** Takes any token. */
class TakesAnything extends FakeModel {
  override forward(passes: readonly ForwardInput[]): readonly Logits[] {
    const inside = (token: Token) => Math.min(Math.max(token, 0), this.vocabSize - 1)
    return super.forward(
      passes.map(({ cache, tree }) => {
        const other = new TokenTree()
        for (let node = 0; node < tree.size; node++)
          other.add(tree.parent(node), inside(tree.token(node)), { needsLogits: tree.needsLogits(node) })
        return { cache, tree: other }
      }),
    )
  }
}

describe('the contract suite', () => {
  it('passes the model that keeps it, and leaks no cache', async () => {
    const model = new FakeModel(OPTIONS)
    expect(await failures(() => model)).toEqual([])
    expect(model.openCaches).toBe(0)
  })

  it('catches a branch that sees its siblings, on every branched shape', async () => {
    const failed = await failures(() => new SeesSiblings(OPTIONS))
    expect(failed).toContain('fork')
    expect(failed).toContain('lookahead window')
    expect(failed).toContain('several sessions in one pass')
    expect(failed).not.toContain('chain')
  })

  it('catches a cache that keeps the trunk where a branch won', async () => {
    const failed = await failures(() => new KeepsTheTrunk(OPTIONS))
    expect(failed).toContain('draft with suffixes at its end')
    expect(failed).not.toContain('chain')
  })

  it('catches a recurrent cache that keeps rejected tokens', async () => {
    const options = { ...OPTIONS, isRecurrent: true }
    expect(await failures(() => new FakeModel(options), recurrentContract)).toEqual([])
    expect(await failures(() => new KeepsTheRejected(options), recurrentContract)).toContain("two sessions' random lives, 1")
  })

  it('catches a model that takes any token', async () => {
    expect(await failures(() => new TakesAnything(OPTIONS))).toContain('bad input throws and harms nothing')
  })
})
