import { describe, expect, it } from 'vitest'
import {
  CachedSequence,
  CONTROL,
  type CostCurve,
  costOf,
  type Drafter,
  drive,
  History,
  OuroborosDrafter,
  PhraseDrafting,
  PhrasePool,
  Sampler,
  Session,
  SpeculativeDrafter,
  VanillaDrafter,
} from '../../src/core/index.ts'
import { FakeModel } from '../../src/testing/index.ts'
import { freshControl, plannerOf } from './fresh-control.ts'

const FLAT: CostCurve = { widths: [1, 8, 64], seconds: [0.025, 0.03, 0.16] }
const STEEP: CostCurve = { widths: [1, 64], seconds: [0.025, 0.025 * 64] }
const DRAFT: CostCurve = { widths: [1, 64], seconds: [0.004, 0.02] }

/** A recurrent pair of models whose passes take as long as these curves say. */
function pair(agreement: number, curve: CostCurve) {
  const shape = { vocabSize: 40, contextLength: 1000, repetitiveness: 0.3, isRecurrent: true }
  const target = new FakeModel({ ...shape, seed: 4, cost: (tokens) => costOf(curve, tokens) })
  const agreesWith = { model: target, rate: agreement }
  return { target, draft: new FakeModel({ ...shape, seed: 5, agreesWith, cost: (tokens) => costOf(DRAFT, tokens) }) }
}

const PROMPT = Array.from({ length: 20 }, (_, i) => (i * 7) % 40)

function write(target: FakeModel, drafter: Drafter, maxTokens = 600): Session {
  const text = new CachedSequence(target.open())
  const session = new Session({ target: text, drafter, sampler: new Sampler({}), endTokens: new Set(), maxTokens }, PROMPT)
  while (!session.finish) drive(session.step())
  text.close()
  return session
}

function ouroboros(draft: FakeModel, curve: CostCurve): Drafter {
  const pool = new PhrasePool({ capacityBytes: 200_000 })
  const parts = {
    pool,
    history: new History(pool),
    ...freshControl(curve, DRAFT),
    drafting: new PhraseDrafting(new CachedSequence(draft.open()), pool, { window: 0, ngram: 4 }),
    endTokens: new Set<number>(),
  }
  return new OuroborosDrafter({ sources: new Set(['prompt', 'history', 'verification']) }, parts)
}

describe('recurrent models', () => {
  it.each([
    [0, FLAT, 1.05],
    [0.8, FLAT, 0.75],
    [1, FLAT, 0.5],
    [0, STEEP, 1.05],
    [0.8, STEEP, 1.05],
  ])(
    'a draft that agrees in %d of the places: no more simulated time than plain decoding, where it pays less',
    (agreement, curve, most) => {
      const plain = pair(agreement, curve)
      const wanted = write(plain.target, new VanillaDrafter())
      const { target, draft } = pair(agreement, curve)
      const session = write(target, ouroboros(draft, curve))
      expect(session.prefix).toEqual(wanted.prefix)
      expect((target.elapsed + draft.elapsed) / plain.target.elapsed).toBeLessThan(most)
    },
  )

  it('the planner counts what is read again, as it comes and as it is foreseen', () => {
    const { planner, lossBudget, begin } = plannerOf(STEEP)
    const before = lossBudget.balance
    begin({ isRecurrent: true, pendingTokens: 3, rereadTokens: 2, maxDepth: 0 }, 100)
    planner.observe(1, 0, [])
    expect(lossBudget.balance - before).toBeCloseTo(1 + CONTROL.lossShare - 3, 6)
    const kept = [false, true].map((isRecurrent) => {
      const wide = plannerOf(FLAT)
      wide.begin({ isRecurrent }, 100)
      return wide.planner.keep(Array.from({ length: 30 }, (_, i) => ({ pathProbability: 0.9 ** (i + 1), phraseProbability: 0 }))).length
    })
    expect(kept[1]).toBeGreaterThan(0)
    expect(kept[1]).toBeLessThan(kept[0] as number)
  })

  it('what was accepted in part is read again with the next pass, no more than a few times, and the prompt is read once', () => {
    const { target, draft } = pair(0.7, FLAT)
    const text = new CachedSequence(draft.open())
    const session = write(target, new SpeculativeDrafter(text, { draftLength: 5, minProbability: 0 }, new Set()), 300)
    const { draftTokens, acceptedTokens, steps, targetPasses } = session.statistics
    expect(acceptedTokens).toBeGreaterThan(100)
    expect(draftTokens).toBeGreaterThan(acceptedTokens)
    // At most 8 tokens pend where a draft of 5 goes along; of these, 12 and the correction may come again.
    expect(target.widths[0]).toBe(PROMPT.length)
    expect(Math.max(...target.widths.slice(1))).toBeLessThanOrEqual(13)
    expect(target.passes).toBe(targetPasses)
    // The draft model's cache comes back to the last step's end.
    expect(draft.nodes).toBeLessThanOrEqual(PROMPT.length + 2 * (draftTokens + steps))
  })
})
