import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { limitOf } from '../../src/bench/limit.ts'
import { type CostCurve, CostModel, CostPlanner, costOf, monotone, Prices } from '../../src/core/index.ts'

const FLAT: CostCurve = { widths: [1, 64], seconds: [0.03, 0.031] }
const STEEP: CostCurve = { widths: [1, 64], seconds: [0.03, 0.03 * 64] }
/** Tiles of four tokens: 1-4 cost one, 5-8 two, ... */
const STEPPED: CostCurve = {
  widths: Array.from({ length: 64 }, (_, i) => i + 1),
  seconds: Array.from({ length: 64 }, (_, i) => 0.03 + 0.02 * Math.floor(i / 4)),
}

interface World {
  target: CostCurve
  draft: CostCurve
  /** Chance of every token of the draft model. */
  chance: number
}

/** A chain of draft tokens of known chance: how many the planner drafts, once prices have settled. */
class Rehearsal {
  readonly world: World
  readonly planner: CostPlanner

  constructor(world: World) {
    this.world = world
    const prices = new Prices()
    this.planner = new CostPlanner({ target: new CostModel(world.target), draft: new CostModel(world.draft) }, prices, 1)
    for (let step = 0; step < 200; step++) this.#settle()
    // Credit comes back slowly where plain decoding is nearly best; until then it is drafted with care.
    prices.state = { ...prices.state, balance: 20 }
  }

  /** Draft tokens of the next step. */
  length(): number {
    const { chance } = this.world
    this.planner.begin({ base: 1, beside: 0, context: 0, remaining: 1000, known: 0 })
    let length = 0
    let path = 1
    while (length < 32) {
      const offer = {
        chance: path,
        tokenChance: chance,
        confident: 1,
        confidentChance: chance,
        most: 32 - length,
        pending: 1,
        nodes: length,
        known: 0,
      }
      if (this.planner.draft(offer).count === 0) break
      length++
      path *= chance
    }
    const chances = Array.from({ length }, (_, i) => chance ** (i + 1))
    return this.planner.trim(
      chances,
      chances.map(() => 0),
    )
  }

  /** Expected seconds per token with drafts of this length (algorithm: L(k)). */
  secondsPerToken(length: number): number {
    const { target, draft, chance } = this.world
    let emitted = 1
    for (let i = 1; i <= length; i++) emitted += chance ** i
    return (length * costOf(draft, 1) + costOf(target, length + 1)) / emitted
  }

  #settle(): void {
    const length = this.length()
    let emitted = 1
    for (let i = 1; i <= length; i++) emitted += this.world.chance ** i
    this.planner.observe({ emitted, nodes: length, draftWidths: Array.from({ length }, () => 1) })
  }
}

describe('CostPlanner', () => {
  const cheap: CostCurve = { widths: [1, 64], seconds: [0.003, 0.003] }

  it('drafts long where further tokens cost nothing (a GPU), with a wide window and branches', () => {
    const flat = new Rehearsal({ target: FLAT, draft: cheap, chance: 0.9 })
    expect(flat.length()).toBe(10) // reference: 3.43x at 10 tokens for a = 0.9 and a tenth of a pass per token
    expect(flat.planner.window(5)).toBe(16)
    expect(flat.planner.allowsBranches).toBe(true)
  })

  it('drafts nothing where each token costs a pass', () => {
    const steep = new Rehearsal({ target: STEEP, draft: cheap, chance: 0.9 })
    expect(steep.length()).toBe(0)
    expect(steep.planner.verify([0.9, 0.8], 0, 0.9).count).toBe(0)
    expect(steep.planner.allowsBranches).toBe(false)
  })

  it('ends at the edges of a cost that has steps', () => {
    const { planner } = new Rehearsal({ target: STEPPED, draft: cheap, chance: 0.7 })
    planner.begin({ base: 1, beside: 0, context: 0, remaining: 1000, known: 1 })
    const chances = Array.from({ length: 16 }, (_, i) => 0.75 ** (i + 1))
    const { count } = planner.verify(chances, 0, 1)
    // The last token, and what is behind it, make whole tiles.
    expect((count + 1) % 4).toBe(0)
  })

  it('uses no window and no draft pass where the draft model has no cost curve', () => {
    const planner = new CostPlanner({ target: new CostModel(FLAT) }, new Prices())
    planner.begin({ base: 1, beside: 0, context: 0, remaining: 100, known: 0 })
    expect(planner.window(5)).toBe(0)
    expect(
      planner.draft({ chance: 1, tokenChance: 1, confident: 1, confidentChance: 1, most: 9, pending: 1, nodes: 0, known: 0 }).count,
    ).toBe(0)
  })

  it('is within 3 % of exhaustive search on any curve and at any known chance', () => {
    const increments = fc.array(fc.double({ min: 0, max: 0.03, noNaN: true }), { minLength: 40, maxLength: 40 })
    fc.assert(
      fc.property(
        increments,
        fc.double({ min: 0.3, max: 0.97, noNaN: true }),
        fc.double({ min: 0.001, max: 0.02, noNaN: true }),
        (steps, chance, pass) => {
          let sum = 0.03
          const target = { widths: [1, ...steps.map((_, i) => i + 2)], seconds: [0.03, ...steps.map((step) => (sum += step))] }
          const rehearsal = new Rehearsal({ target, draft: { widths: [1, 64], seconds: [pass, pass * 10] }, chance })
          const best = Math.min(...Array.from({ length: 33 }, (_, length) => rehearsal.secondsPerToken(length)))
          // What it does in the long run: the mean over settled steps, since it may alternate between two lengths.
          const lengths = Array.from({ length: 20 }, () => {
            const length = rehearsal.length()
            return rehearsal.secondsPerToken(length)
          })
          expect(lengths.reduce((a, b) => a + b) / lengths.length).toBeLessThanOrEqual(best * 1.03)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('never pays more for a token than plain decoding takes, however badly it went before', () => {
    const prices = new Prices()
    const planner = new CostPlanner({ target: new CostModel(STEEP), draft: new CostModel(cheap) }, prices)
    planner.begin({ base: 1, beside: 0, context: 0, remaining: 1000, known: 0 })
    prices.observe(0, 40, 80)
    prices.state = { ...prices.state, balance: 10 }
    expect(planner.verify([0.99], 0, 0).count).toBe(0)
  })

  it('drafts less when other sessions fill the pass', () => {
    const curve: CostCurve = { widths: [1, 8, 64], seconds: [0.03, 0.032, 0.3] }
    const { planner } = new Rehearsal({ target: curve, draft: cheap, chance: 0.8 })
    const count = (beside: number) => {
      planner.begin({ base: 1, beside, context: 0, remaining: 100, known: 0 })
      return planner.verify([0.8, 0.6, 0.5, 0.4, 0.3, 0.2], 0, 0).count
    }
    expect(count(0)).toBeGreaterThan(count(12))
  })

  it('never falls far behind plain decoding, however wrong its chances are', () => {
    const costs = { target: new CostModel({ widths: [1, 16], seconds: [0.03, 0.3] }), draft: new CostModel(cheap) }
    const planner = new CostPlanner(costs, new Prices())
    let seconds = 0
    const steps = 2000
    for (let step = 0; step < steps; step++) {
      planner.begin({ base: 1, beside: 0, context: 0, remaining: 100, known: 0.9 })
      const { count } = planner.verify([0.95, 0.9, 0.85], 0, 0.95)
      seconds += costs.target.seconds(1 + count)
      planner.observe({ emitted: 1, nodes: count, draftWidths: [] }) // nothing is ever accepted
    }
    expect(seconds / (steps * 0.03)).toBeLessThan(1.03)
  })
})

describe('CostModel', () => {
  it('is not moved by a machine that is slower as a whole', () => {
    const model = new CostModel(STEPPED)
    for (let i = 0; i < 400; i++) model.observe(1 + (i % 8), 0, 2 * costOf(STEPPED, 1 + (i % 8)))
    for (const width of [1, 4, 5, 8])
      expect(model.seconds(width) / model.seconds(1)).toBeCloseTo(costOf(STEPPED, width) / costOf(STEPPED, 1), 0)
    expect(model.isStale).toBe(false)
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
    expect(model.isStale).toBe(true)
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
