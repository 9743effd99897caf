import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GREEDY, logitsOf, ROW_MATH, type RowMath, Sampler, type SamplerOptions, type Token, uniform } from '../../src/core/index.ts'
import { logSumExp, topConfidence, topTokens } from '../../src/core/logits-math.ts'
import { drawFromAll } from './whole-row-sampling.ts'

/** Rows around the size of a block, with ties and words that a grammar forbids. */
const rows = fc
  .array(fc.oneof(fc.integer({ min: -8, max: 8 }), fc.constant(Number.NEGATIVE_INFINITY), fc.float({ min: -40, max: 40, noNaN: true })), {
    minLength: 1,
    maxLength: 300,
  })
  .map((values) => Float32Array.from(values))
  .filter((row) => row.some((value) => value > Number.NEGATIVE_INFINITY))

const options: fc.Arbitrary<SamplerOptions> = fc
  .record({
    temperature: fc.constantFrom(0, 1e-9, 0.2, 0.8, 1, 3, 1e300),
    topK: fc.constantFrom(0, 0, 1, 5, 1000),
    topP: fc.constantFrom(1, 1, 0, 0.1, 0.9, 0.95, 1 - 1e-12),
    minP: fc.constantFrom(0, 0, 0.05, 0.9, 1, 1e-30),
    seed: fc.nat(),
  })
  .map((some) => ({ ...GREEDY, ...some }))

describe('rows of logits', () => {
  it('have their first largest value found, whatever the length', () => {
    fc.assert(fc.property(rows, (row) => ROW_MATH.argmax(row) === row.indexOf(Math.max(...row))))
    expect(ROW_MATH.argmax(new Float32Array(70).fill(Number.NaN))).toBe(0)
    expect(ROW_MATH.argmax(Float32Array.of(Number.NaN, 1, Number.NaN, 2))).toBe(3)
  })

  it('have the probability of their largest value, as the softmax says', () => {
    fc.assert(
      fc.property(rows, (row) => {
        const most = Math.max(...row)
        const { token, probability, runnerUp } = topConfidence(ROW_MATH, row)
        expect(token).toBe(row.indexOf(most))
        const [, second] = topTokens(ROW_MATH, row, 2)
        if (second && second.logit > most - 12) expect(runnerUp?.token).toBe(second.token)
        else expect(runnerUp).toBeUndefined()
        expect(runnerUp?.probability ?? 0).toBeLessThanOrEqual(probability)
        const sum = row.reduce((total, value) => total + Math.exp(value - most), 0)
        expect(Math.abs(probability - 1 / sum)).toBeLessThan(0.01)
        expect(logSumExp(ROW_MATH, row)).toBeCloseTo(most + Math.log(sum), 6)
      }),
    )
  })

  it('have everything near the largest value found, the bound included, and nothing else', () => {
    fc.assert(
      fc.property(rows, fc.constantFrom(0, 0.5, 3, 12, 30, Number.POSITIVE_INFINITY), (row, band) => {
        const { tokens, logits, most } = ROW_MATH.near(row, band)
        expect(Array.from(tokens)).toEqual([...row.keys()].filter((token) => (row[token] as number) >= Math.max(...row) - band))
        expect(Array.from(logits)).toEqual(Array.from(tokens, (token) => row[token]))
        expect(most).toBe(Math.max(...row))
      }),
    )
  })

  it('have their best tokens found, the lower one of two that are equal', () => {
    fc.assert(
      fc.property(rows, fc.integer({ min: 1, max: 320 }), (row, count) => {
        const likely = [...row.keys()].filter((token) => (row[token] as number) > Number.NEGATIVE_INFINITY)
        const best = likely.sort((a, b) => (row[b] as number) - (row[a] as number) || a - b).slice(0, count)
        expect(topTokens(ROW_MATH, row, count).map(({ token }) => token)).toEqual(best)
      }),
    )
  })
})

function pick(math: RowMath, row: Float32Array, some: SamplerOptions, text: readonly Token[] = []): Token {
  const logits = logitsOf(() => row, math)
  return new Sampler(some).pick(logits, 0, text)
}

/** Sums that are wrong by as much as they may be, one way or the other. */
function inexact(part: number): RowMath {
  return { ...ROW_MATH, sums: (...args) => ROW_MATH.sums(...args).map((sum, i) => sum * (1 + (i % 3 ? part : -part))) }
}

describe('drawing from a row', () => {
  for (const [name, math] of [
    ['', ROW_MATH],
    [', whatever the last digits of the sums are', inexact(1e-10)],
  ] as const) {
    it(`gives the token that a look at every logit gives${name}`, () => {
      const prefix = fc.nat({ max: 50 }).map((length) => Array.from({ length }, (_, i) => i))
      fc.assert(
        fc.property(rows, options, prefix, (row, some, text) => {
          expect(pick(math, row, some, text)).toBe(drawFromAll(row, some, text.length))
        }),
        { numRuns: 3000 },
      )
    })
  }

  it('is exact where sums that differ in their last digits would draw different words', () => {
    const seeds = Array.from({ length: 40_000 }, (_, seed) => seed).filter((seed) => Math.abs(uniform(seed, 0) - 0.5) < 0.001)
    for (const seed of seeds) {
      // The first word's share is the drawn number, nearly.
      const share = uniform(seed, 0)
      const row = new Float32Array(300).fill(Number.NEGATIVE_INFINITY)
      row[0] = Math.log(share / (1 - share))
      row[200] = 0
      const some = { ...GREEDY, temperature: 1, seed }
      for (const math of [ROW_MATH, inexact(1e-10), inexact(-1e-10)]) expect(pick(math, row, some)).toBe(drawFromAll(row, some, 0))
    }
  })

  it('keeps the same nucleus where its edge is as close as numbers come', () => {
    for (let seed = 0; seed < 100; seed++) {
      const row = Float32Array.from({ length: 8 }, (_, i) => uniform(seed, i))
      const sorted = [...row].sort((a, b) => b - a).map((logit) => Math.exp(logit - Math.max(...row)))
      const share = (sorted[0] as number) + (sorted[1] as number)
      const topP = share / row.reduce((sum, logit) => sum + Math.exp(logit - Math.max(...row)), 0)
      for (const nudge of [-1e-15, 0, 1e-15]) {
        const some = { ...GREEDY, temperature: 5, topP: topP + nudge, seed }
        for (const math of [ROW_MATH, inexact(1e-10), inexact(-1e-10)]) expect(pick(math, row, some)).toBe(drawFromAll(row, some, 0))
      }
    }
  })
})
