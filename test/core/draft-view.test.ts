import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  CachedSequence,
  CONTROL,
  drive,
  History,
  OuroborosDrafter,
  PhraseDrafting,
  PhrasePool,
  Sampler,
  Session,
  type Token,
  TokenTree,
} from '../../src/core/index.ts'
import { FakeModel } from '../../src/testing/index.ts'
import { freshControl, plannerOf } from './fresh-control.ts'
import { runs } from './runs.ts'
import { answer, checkLossless, setup } from './setups.ts'

const END = 0
const RECENT = CONTROL.recentTokens
const token = fc.integer({ min: 1, max: 23 })
const tokens = (length: number, seed: number): Token[] => Array.from({ length }, (_, i) => 1 + ((i * 7 + seed * 5 + i * i) % 23))

/** What is read of a text. */
const part = (text: readonly Token[], start: number) => (start <= 4 ? text : [...text.slice(0, 4), ...text.slice(start)])

function read(sequence: CachedSequence, text: readonly Token[]): void {
  const tree = TokenTree.chain(drive(sequence.catchUp(text)))
  sequence.cache.model.forward([{ cache: sequence.cache, tree }])
  sequence.commit(tree, tree.size - 1)
}

afterEach(() => {
  CONTROL.recentTokens = RECENT
  vi.restoreAllMocks()
})

describe('a part of a text', () => {
  it('is what the cache holds, whatever was read, rolled back, left out or taken over before', () => {
    const step = fc.record({
      kept: fc.nat({ max: 60 }),
      added: fc.array(token, { minLength: 1, maxLength: 30 }),
      start: fc.option(fc.nat({ max: 60 }), { nil: undefined }),
      who: fc.boolean(),
      shares: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), fc.boolean(), (steps, isRecurrent) => {
        const model = new FakeModel({ vocabSize: 24, isRecurrent })
        const pair = [new CachedSequence(model.open(), 7), new CachedSequence(model.open(), 7)] as const
        let text: Token[] = tokens(40, 1)
        for (const { kept, added, start, who, shares } of steps) {
          text = [...text.slice(0, kept), ...added]
          const [one, other] = who ? pair : [pair[1], pair[0]]
          if (start !== undefined) one.start = Math.min(start, text.length - 1)
          if (one.start >= text.length) one.start = 0
          if (shares && other.start < text.length) one.adopt(other, text)
          const before = model.nodes
          const common = one.common(text)
          read(one, text)
          expect(one.cache).toHaveProperty('tokens', part(text, one.start))
          expect(model.nodes - before).toBe(part(text, one.start).length - common)
        }
      }),
      runs(300),
    )
  })
})

/** A conversation whose draft model is cheap, with reading that is not. */
function conversation(contextLength = 4000) {
  const target = new FakeModel({ vocabSize: 24, order: 2, contextLength: 4000, repetitiveness: 0 })
  const draft = new FakeModel({ vocabSize: 24, order: 2, contextLength, seed: 7, agreesWith: { model: target, rate: 0.95 } })
  const pool = new PhrasePool({ capacityBytes: 50_000 })
  const history = new History(pool)
  const [text, sequence] = [new CachedSequence(target.open()), new CachedSequence(draft.open())]
  const control = freshControl({ widths: [1, 64], seconds: [0.03, 0.05] }, { widths: [1, 256], seconds: [0.003, 0.3] })
  const endTokens = new Set<Token>([END])
  const ask = (prompt: readonly Token[], maxTokens = 60) => {
    const drafting = new PhraseDrafting(sequence, pool, { window: 0, ngram: 4 })
    const parts = { pool, history, ...control, drafting, endTokens }
    const drafter = new OuroborosDrafter({ sources: new Set() }, parts)
    const sampler = new Sampler({ withheld: { tokens: endTokens, until: 1e6 } })
    const session = new Session({ target: text, drafter, sampler, endTokens, maxTokens }, prompt)
    const before = draft.nodes
    while (!session.finish) drive(session.step())
    return { text: session.prefix, read: draft.nodes - before, drafted: session.statistics.tokensByOrigin.draft }
  }
  return { ask, sequence }
}

describe('a draft model in a long conversation', () => {
  const before = [...tokens(2000, 1), END]

  it('reads the last turn, not all of it, and in the next turn what is new', () => {
    const { ask, sequence } = conversation()
    const first = ask([...before, ...tokens(150, 2)])
    expect(first.drafted).toBeGreaterThan(30)
    expect(first.read).toBeLessThan(400)
    expect(sequence.start).toBe(before.length)
    const second = ask([...first.text, END, ...tokens(40, 3)])
    expect(second.drafted).toBeGreaterThan(30)
    expect(second.read).toBeLessThan(250)
    expect(sequence.start).toBe(before.length)
  })

  it('is asked at the price of what it has read, where all of it would not pay', () => {
    const { planner, begin } = plannerOf(
      { widths: [1, 64], seconds: [0.03, 0.031] },
      { widths: [1, 256], seconds: [0.003, 0.3], context: { perPass: 5e-6, perToken: 3e-7 } },
    )
    begin({ remainingTokens: 99 }, 4000)
    const offer = { pathProbability: 1, phraseProbability: 0, most: 16, nodes: 0 }
    expect(planner.worthReading({ ...offer, pending: 4000, context: 4000 })).toBeLessThan(0)
    expect(planner.worthReading({ ...offer, pending: 128, context: 128 })).toBeGreaterThan(0)
    const drafts = (context: number) => planner.worthDrafting({ ...offer, pending: 1, context }).count
    expect(drafts(100)).toBeGreaterThan(drafts(20_000))
  })

  it('reads more than a short turn', () => {
    const { ask, sequence } = conversation()
    ask([...before, ...tokens(50, 2)])
    expect(sequence.start).toBe(before.length + 50 - RECENT)
  })

  it('begins anew with another conversation', () => {
    const { ask, sequence } = conversation()
    ask([...before, ...tokens(150, 2)])
    const { drafted } = ask(tokens(2100, 9).slice(0, 60))
    expect(sequence.start).toBe(0)
    expect(drafted).toBeGreaterThan(30)
  })

  it('reads everything where that is worth its time, and nothing where no turn begins late', () => {
    const { ask, sequence } = conversation()
    expect(ask([...tokens(20, 1), END, ...tokens(60, 2)]).drafted).toBeGreaterThan(30)
    expect(sequence.start).toBe(0)
    expect(ask(tokens(2500, 4)).drafted).toBe(0)
    expect(sequence.start).toBe(0)
  })

  it('goes on where the text is longer than its own context', () => {
    const { ask, sequence } = conversation(300)
    const { drafted } = ask([...before, ...tokens(150, 2)], 900)
    expect(drafted).toBeGreaterThan(600)
    expect(sequence.length).toBeLessThanOrEqual(300)
    expect(ask(tokens(2500, 4), 200).drafted).toBeGreaterThan(60)
  })
})

describe('lossless with a draft model that has not read everything', () => {
  it('hundreds of random conversations, samplers and parameters', () => {
    CONTROL.recentTokens = 8
    const turn = fc.array(token, { minLength: 33, maxLength: 40 })
    const worlds = fc.tuple(setup, fc.array(turn, { minLength: 1, maxLength: 3 }), fc.nat({ max: 9 })).map(([world, turns, seed]) => ({
      ...world,
      target: { ...world.target, contextLength: 200 },
      prompts: turns.map((one, i) => [...tokens(45, seed), END, ...(i === 2 ? (turns[0] ?? []) : []), ...one]),
      endTokens: [END],
      drafting: { ...world.drafting, method: 'ouroboros' as const, withDraft: true },
    }))
    fc.assert(fc.property(worlds, checkLossless), runs(300))
    const reading = vi.spyOn(PhraseDrafting.prototype, 'reading')
    for (const world of fc.sample(worlds, 60)) answer(world, false)
    const isPart = ({ value }: { value: { context: number } }, i: number) => value.context < (reading.mock.calls[i]?.[0].length ?? 0)
    const share = reading.mock.results.filter((result, i) => isPart(result as never, i)).length / reading.mock.results.length
    expect(share).toBeGreaterThan(0.1)
    expect(share).toBeLessThan(1)
  })
})
