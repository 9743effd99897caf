import { describe, expect, it } from 'vitest'
import {
  CachedSequence,
  type DraftBudget,
  type Drafter,
  drive,
  type ForwardInput,
  type Logits,
  type PoolReport,
  ROOT,
  Sampler,
  Session,
  type SessionOptions,
  type Token,
  TokenTree,
  VanillaDrafter,
  type Verdict,
} from '../../src/core/index.ts'
import { FakeModel } from '../../src/testing/index.ts'

const OPTIONS = { vocabSize: 24, contextLength: 60, order: 2 }

/** Proposes the same tree at every step and keeps all that it is told. */
class Recorder implements Drafter {
  readonly prompts: Token[][] = []
  readonly rooms: DraftBudget[] = []
  readonly verdicts: (Omit<Verdict, 'targetArgmax'> & { argmax: (Token | undefined)[] })[] = []
  pool?: PoolReport
  readonly #tree: TokenTree

  constructor(tree: TokenTree) {
    this.#tree = tree
  }

  begin(prompt: readonly Token[]): void {
    this.prompts.push([...prompt])
  }

  // biome-ignore lint/correctness/useYield: nothing is computed
  *propose(_: readonly Token[], room: DraftBudget): Generator<ForwardInput, TokenTree, Logits> {
    this.rooms.push(room)
    return this.#tree
  }

  observe({ targetArgmax, ...verdict }: Verdict): void {
    const nodes = [ROOT, ...Array(verdict.proposal.size).keys()]
    this.verdicts.push({ ...verdict, prefix: [...verdict.prefix], argmax: nodes.map((node) => targetArgmax(node)) })
  }
}

function open(model: FakeModel, prompt: Token[], drafter: Drafter, some: Partial<SessionOptions> = {}) {
  const defaults = { target: new CachedSequence(model.open()), sampler: new Sampler(), endTokens: new Set<Token>(), maxTokens: 10 }
  return new Session({ ...defaults, drafter, ...some }, prompt)
}

/** What plain decoding writes. */
function plain(prompt: Token[], count: number): Token[] {
  const session = open(new FakeModel(OPTIONS), prompt, new VanillaDrafter(), { maxTokens: count })
  while (!session.finish) drive(session.step())
  return session.prefix.slice(prompt.length)
}

const prompt = [1, 2, 3]

/** The first tokens of plain decoding's answer, and one that the target would not begin with. */
function tokens() {
  const [first, second, third] = plain(prompt, 3) as [Token, Token, Token]
  return { first, second, third, wrong: (first + 1) % OPTIONS.vocabSize }
}

describe('a step of a session', () => {
  it('tells the drafter the prompt, its room, and what the target said of each node that was sent', () => {
    const { first, second, third, wrong } = tokens()
    const tree = new TokenTree()
    tree.addPath(ROOT, [wrong, 5])
    tree.addPath(ROOT, [first, second], { proposal: { origin: 'phrase', source: 'prompt' } })
    const drafter = new Recorder(tree)
    const model = new FakeModel({ ...OPTIONS, maxBatch: 40 })
    const session = open(model, prompt, drafter, { load: { otherTokens: 4, otherSessions: 2, draftShare: 0.5 } })
    const step = drive(session.step())
    expect(drafter.prompts).toEqual([prompt])
    expect(drafter.rooms).toEqual([
      {
        maxDepth: 57,
        maxNodes: 37,
        pendingTokens: 3,
        rereadTokens: 0,
        isRecurrent: false,
        remainingTokens: 10,
        otherTokens: 4,
        otherSessions: 2,
        draftShare: 0.5,
      },
    ])
    expect(step.tokens.map(({ token }) => token)).toEqual([first, second, third])
    expect(step.finish).toBeUndefined()
    expect('finish' in step).toBe(false)
    expect(drafter.verdicts).toEqual([
      {
        prefix: [...prompt, first, second, third],
        before: 3,
        proposal: tree,
        draftWidths: [],
        accepted: [2, 3],
        emitted: [first, second, third],
        argmax: [first, expect.any(Number), expect.any(Number), second, third],
      },
    ])
    const rowOf = (...tokens: Token[]) => model.rowAfter([...prompt, ...tokens])
    const best = (row: Float32Array) => row.indexOf(Math.max(...row))
    expect(drafter.verdicts[0]?.argmax.slice(1, 3)).toEqual([best(rowOf(wrong)), best(rowOf(wrong, 5))])
    expect(step.round).toEqual({ before: 3, sentTree: tree, accepted: [2, 3], draftPasses: 0, widths: { target: 7, draft: [] } })
  })

  it('what the room, the batch or a constraint leaves out has no answer; accepted nodes are still the proposal’s', () => {
    const { first, second, wrong } = tokens()
    const tree = new TokenTree()
    tree.add(ROOT, wrong)
    tree.add(ROOT, first)
    const constraint = { mask() {}, allows: (token: Token) => token !== wrong, accept() {}, fork: () => constraint, close() {} }
    const drafter = new Recorder(tree)
    drive(open(new FakeModel(OPTIONS), prompt, drafter, { sampler: new Sampler({}, constraint) }).step())
    expect(drafter.verdicts[0]).toMatchObject({ accepted: [1], argmax: [first, undefined, second] })
    const full = new Recorder(tree)
    const step = drive(open(new FakeModel({ ...OPTIONS, maxBatch: 4 }), prompt, full).step())
    expect(full.rooms[0]?.maxNodes).toBe(1)
    expect(step.round?.sentTree.size).toBe(1)
    expect(full.verdicts[0]?.argmax).toEqual([first, expect.any(Number), undefined])
  })

  it('room gets smaller with the answer, and is never below zero', () => {
    const drafter = new Recorder(new TokenTree())
    const session = open(new FakeModel({ ...OPTIONS, contextLength: 7, maxBatch: 2 }), prompt, drafter, { promptChunk: 2 })
    while (!session.finish) drive(session.step())
    expect(drafter.rooms.map(({ maxDepth, maxNodes, remainingTokens }) => [maxDepth, maxNodes, remainingTokens])).toEqual([
      [4, 1, 4],
      [3, 1, 3],
      [2, 1, 2],
      [1, 1, 1],
    ])
    expect(drafter.rooms[0]).toMatchObject({ otherTokens: 0, otherSessions: 0, draftShare: 1 })
    const narrow = new Recorder(new TokenTree())
    drive(open(new FakeModel({ ...OPTIONS, maxBatch: 3 }), prompt, narrow).step())
    expect(narrow.rooms[0]?.maxNodes).toBe(0)
  })

  it('reads a long prompt in chunks, which emit nothing and count as prompt passes', () => {
    const model = new FakeModel(OPTIONS)
    for (const promptChunk of [4, () => 4]) {
      model.widths.length = 0
      const session = open(model, [1, 2, 3, 4, 5, 6, 7, 8, 9], new VanillaDrafter(), { promptChunk, maxTokens: 1 })
      const inputs: ForwardInput[] = []
      const steps = []
      while (!session.finish) {
        const step = session.step()
        let next = step.next()
        while (!next.done) {
          inputs.push(next.value)
          next = step.next(model.forward([next.value])[0] as Logits)
        }
        steps.push(next.value)
      }
      expect(model.widths).toEqual([4, 4, 1])
      expect(inputs.map((input) => input.prompt)).toEqual([true, true, undefined])
      expect(steps.slice(0, 2)).toEqual([{ tokens: [] }, { tokens: [] }])
      expect(session.statistics).toMatchObject({ promptPasses: 2, targetPasses: 1 })
    }
    const short = open(model, Array(9).fill(1), new VanillaDrafter(), { promptChunk: 9, maxTokens: 1 })
    drive(short.step())
    expect(short.finish).toBe('length')
  })

  it('ends at an end token or after maxTokens, and says so', () => {
    const { first, second } = tokens()
    const ended = open(new FakeModel(OPTIONS), prompt, new VanillaDrafter(), { endTokens: new Set([second]) })
    const steps = [drive(ended.step()), drive(ended.step())]
    expect(steps.map(({ finish }) => finish)).toEqual([undefined, first === second ? undefined : 'stop'])
    expect(ended.finish).toBe('stop')
    const chain = TokenTree.chain(plain(prompt, 9), () => true)
    const drafted = open(new FakeModel(OPTIONS), prompt, new Recorder(chain), { maxTokens: 4 })
    expect(drive(drafted.step())).toMatchObject({ finish: 'length', tokens: { length: 4 } })
  })

  it('takes over what the drafter says of its pool', () => {
    const drafter = new Recorder(new TokenTree())
    const session = open(new FakeModel(OPTIONS), prompt, drafter)
    drive(session.step())
    expect('pool' in session.statistics).toBe(false)
    drafter.pool = { size: 5, lookups: 2, hits: 1 }
    drive(session.step())
    expect(session.statistics.pool).toEqual({ size: 5, lookups: 2, hits: 1 })
  })

  it('reports no log-probabilities unless asked', () => {
    const session = open(new FakeModel(OPTIONS), prompt, new VanillaDrafter())
    expect(drive(session.step()).tokens[0]).not.toHaveProperty('logprob')
  })
})
