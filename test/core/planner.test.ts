import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { limitOf } from '../../src/bench/limit.ts'
import {
  AcceptanceModel,
  CONTROL,
  type CostCurve,
  CostModel,
  costOf,
  draftEvidence,
  monotone,
  windowThatPays,
} from '../../src/core/index.ts'
import { plannerOf } from './fresh-control.ts'

const FLAT: CostCurve = { widths: [1, 64], seconds: [0.03, 0.031] }
const STEEP: CostCurve = { widths: [1, 64], seconds: [0.03, 0.03 * 64] }
/** Tiles of four tokens: 1-4 cost one, 5-8 two, ... */
const STEPPED: CostCurve = {
  widths: Array.from({ length: 64 }, (_, i) => i + 1),
  seconds: Array.from({ length: 64 }, (_, i) => 0.03 + 0.02 * Math.floor(i / 4)),
}
const CHEAP: CostCurve = { widths: [1, 64], seconds: [0.003, 0.003] }

/** Nodes one below the other, each accepted with this probability. */
function chain(probability: number, length: number, phraseProbability = 0) {
  return Array.from({ length }, (_, i) => ({ pathProbability: probability ** (i + 1), phraseProbability }))
}

/** A chain of draft tokens of known acceptance: how many the planner drafts, once costs have settled. */
class Rehearsal {
  readonly target: CostCurve
  readonly draft: CostCurve
  readonly acceptance: number
  readonly #setup: ReturnType<typeof plannerOf>

  constructor(target: CostCurve, draft: CostCurve, acceptance: number) {
    this.target = target
    this.draft = draft
    this.acceptance = acceptance
    this.#setup = plannerOf(target, draft)
    this.#setup.tokenCost.acceptanceRate = acceptance
    for (let step = 0; step < 200; step++) {
      const length = this.length()
      this.#setup.planner.observe(
        this.#emitted(length),
        length,
        Array.from({ length }, () => 1),
      )
    }
  }

  /** Draft tokens of the next step. Probabilities are known here: no caution, no optimism. */
  length(): number {
    const { planner, begin, lossBudget } = this.#setup
    lossBudget.balance = CONTROL.credit
    begin()
    let length = 0
    while (length < 32) {
      const offer = { pathProbability: this.acceptance ** length, phraseProbability: 0, most: 32 - length, nodes: length }
      if (planner.worthDrafting({ ...offer, pending: 1, context: 1 }).count === 0) break
      length++
    }
    return planner.keep(chain(this.acceptance, length)).length
  }

  /** Expected seconds per token with drafts of this length (algorithm: L(k)). */
  secondsPerToken(length: number): number {
    return (length * costOf(this.draft, 1) + costOf(this.target, length + 1)) / this.#emitted(length)
  }

  #emitted(length: number): number {
    return 1 + chain(this.acceptance, length).reduce((sum, { pathProbability }) => sum + pathProbability, 0)
  }
}

describe('Planner', () => {
  it('drafts long where further tokens cost nothing (a GPU), with a wide window', () => {
    expect(new Rehearsal(FLAT, CHEAP, 0.9).length()).toBeGreaterThanOrEqual(10) // reference: 3.43x at 10 tokens for a = 0.9 and a tenth of a pass per token
    expect(windowThatPays(new CostModel(CHEAP), 5)).toBe(16)
    expect(windowThatPays(new CostModel(STEEP), 5)).toBe(0)
  })

  it('drafts nothing where each token costs a pass', () => {
    expect(new Rehearsal(STEEP, CHEAP, 0.9).length()).toBe(0)
    expect(plannerOf(STEEP, CHEAP).planner.nodesWorthSending(chain(0.9, 2), 0).count).toBe(0)
  })

  it('ends at the edges of a cost that has steps', () => {
    const { count } = plannerOf(STEPPED, CHEAP).planner.nodesWorthSending(chain(0.8, 16, 1), 0)
    expect(count).toBeGreaterThan(0)
    expect((count + 1) % 4).toBe(0) // the last token, and what is behind it, make whole tiles
  })

  it('makes no draft pass where the draft model has no costs', () => {
    const offer = { pathProbability: 1, phraseProbability: 0, most: 9, pending: 1, context: 1, nodes: 0 }
    expect(plannerOf(FLAT).planner.worthDrafting(offer).count).toBe(0)
  })

  it('keeps the likeliest nodes, never one without its parent', () => {
    const probability = fc.double({ min: 0, max: 1, noNaN: true })
    const node = fc.record({ given: probability, up: fc.nat(), phraseProbability: probability })
    fc.assert(
      fc.property(fc.array(node, { maxLength: 30 }), fc.double({ min: 0, max: 0.01, noNaN: true }), (nodes, slope) => {
        const parents = nodes.map(({ up }, i) => (up % (i + 1)) - 1)
        const offered: { pathProbability: number; phraseProbability: number }[] = []
        for (const [i, { given, phraseProbability }] of nodes.entries()) {
          const above = offered[parents[i] as number]?.pathProbability ?? 1
          offered.push({ pathProbability: above * given, phraseProbability })
        }
        const kept = plannerOf({ widths: [1, 2], seconds: [0.03, 0.03 + slope] }).planner.keep(offered)
        for (const at of kept) expect((parents[at] as number) === -1 || kept.includes(parents[at] as number)).toBe(true)
        expect(kept).toEqual([...kept].sort((a, b) => a - b))
        const least = Math.min(...kept.map((at) => offered[at]?.pathProbability as number))
        for (const [at, { pathProbability }] of offered.entries()) if (pathProbability > least) expect(kept).toContain(at)
      }),
    )
  })

  it('is within 3 % of exhaustive search on any curve and at any known acceptance', () => {
    const optimism = CONTROL.optimism
    CONTROL.optimism = 1
    const increments = fc.array(fc.double({ min: 0, max: 0.03, noNaN: true }), { minLength: 40, maxLength: 40 })
    fc.assert(
      fc.property(
        increments,
        fc.double({ min: 0.3, max: 0.97, noNaN: true }),
        fc.double({ min: 0.001, max: 0.02, noNaN: true }),
        (steps, acceptance, pass) => {
          let sum = 0.03
          const target = { widths: [1, ...steps.map((_, i) => i + 2)], seconds: [0.03, ...steps.map((step) => (sum += step))] }
          const rehearsal = new Rehearsal(target, { widths: [1, 64], seconds: [pass, pass * 10] }, acceptance)
          const best = Math.min(...Array.from({ length: 33 }, (_, length) => rehearsal.secondsPerToken(length)))
          expect(rehearsal.secondsPerToken(rehearsal.length())).toBeLessThanOrEqual(best * 1.03)
        },
      ),
      { numRuns: 300 },
    )
    CONTROL.optimism = optimism
  })

  it('never pays more for a token than plain decoding takes, however badly it went before', () => {
    const { planner, tokenCost } = plannerOf(STEEP, CHEAP)
    tokenCost.observe(0, 40, 80)
    expect(planner.nodesWorthSending(chain(0.99, 1), 0).count).toBe(0)
  })

  it('sends less where other sessions fill the pass', () => {
    const { planner, begin } = plannerOf({ widths: [1, 8, 64], seconds: [0.03, 0.032, 0.3] }, CHEAP)
    const count = (otherTokens: number, otherSessions: number) => {
      begin({ otherTokens, otherSessions })
      return planner.nodesWorthSending(chain(0.8, 6), 0).count
    }
    expect(count(0, 0)).toBeGreaterThan(count(12, 3))
  })

  it('never falls far behind plain decoding, however wrong its probabilities are', () => {
    const target: CostCurve = { widths: [1, 16], seconds: [0.03, 0.3] }
    const { planner, begin } = plannerOf(target, CHEAP)
    let seconds = 0
    const steps = 2000
    for (let step = 0; step < steps; step++) {
      begin()
      const { count } = planner.nodesWorthSending(chain(0.95, 3, 0.95), 0)
      seconds += costOf(target, 1 + count)
      planner.observe(1, count, []) // nothing is ever accepted
    }
    expect(seconds / (steps * 0.03)).toBeLessThan(1.03)
  })
})

describe('AcceptanceModel', () => {
  it('learns what a draft model of poor judgment is worth, in one request and for all', () => {
    const shared = new AcceptanceModel(CONTROL.draftWeights)
    const request = new AcceptanceModel(shared)
    const evidence = draftEvidence(0.9)
    const before = shared.probability(evidence)
    for (let i = 0; i < 30; i++) request.learn(evidence, i % 3 === 0)
    expect(request.probability(evidence)).toBeLessThan(0.6)
    expect(shared.probability(evidence)).toBeLessThan(before)
    expect(new AcceptanceModel(shared).probability(evidence)).toBe(shared.probability(evidence))
  })

  it('keeps weights of its own shape only', () => {
    const model = new AcceptanceModel(CONTROL.draftWeights)
    model.weights = [1, 2, 3]
    expect(model.weights).toEqual(CONTROL.draftWeights)
    model.weights = [1, 2]
    expect(model.weights).toEqual([1, 2])
  })
})

describe('CostModel', () => {
  it('is not moved by a machine that is slower as a whole', () => {
    const model = new CostModel(STEPPED)
    for (let i = 0; i < 400; i++) model.observe(1 + (i % 8), 0, 2 * costOf(STEPPED, 1 + (i % 8)))
    for (const width of [1, 4, 5, 8])
      expect(model.seconds(width) / model.seconds(1)).toBeCloseTo(costOf(STEPPED, width) / costOf(STEPPED, 1), 0)
    expect(model.distortion).toBeLessThan(1.6)
  })

  it('follows a neighbor who takes memory from narrow passes only', () => {
    const model = new CostModel(STEPPED)
    for (let i = 0; i < 60; i++) model.observe(1, 0, 1.3 * costOf(STEPPED, 1))
    expect(model.seconds(1)).toBeCloseTo(1.3 * costOf(STEPPED, 1), 3)
    expect(model.seconds(8)).toBeLessThan(1.05 * costOf(STEPPED, 8))
  })

  it('learns that one width costs more than was measured', () => {
    const model = new CostModel(STEPPED)
    for (let i = 0; i < 600; i++) {
      const width = 1 + (i % 8)
      model.observe(width, 0, costOf(STEPPED, width) * (width === 8 ? 2 : 1))
    }
    expect(model.seconds(8) / model.seconds(4)).toBeGreaterThan(1.4 * (costOf(STEPPED, 8) / costOf(STEPPED, 4)))
    expect(model.distortion).toBeGreaterThan(1.6)
  })

  it('never lets a wider pass cost less, and ignores nonsense', () => {
    const model = new CostModel(STEPPED)
    for (const seconds of [Number.NaN, 0, -1, Number.POSITIVE_INFINITY]) model.observe(4, 0, seconds)
    for (let i = 0; i < 300; i++) model.observe(2, 0, 1)
    const { seconds } = model.curve
    expect(seconds.every((one, i) => i === 0 || one >= (seconds[i - 1] as number))).toBe(true)
  })
})

describe('cost curves', () => {
  it('are lines between what was measured and behind it, and grow with context', () => {
    const curve: CostCurve = { widths: [1, 3], seconds: [1, 2], context: { perPass: 0.1, perToken: 0.01 } }
    expect(costOf(curve, 0)).toBe(0)
    expect(costOf(curve, 2)).toBe(1.5)
    expect(costOf(curve, 5)).toBe(3)
    expect(costOf(curve, 2, 10)).toBeCloseTo(1.5 + 10 * (0.1 + 0.02))
    expect(limitOf(curve).tokensPerSecond).toBe(1.5)
    expect(monotone([3, 2, 4, 3])).toEqual([2, 2, 3, 3])
  })
})
