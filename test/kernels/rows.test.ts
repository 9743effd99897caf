import fc from 'fast-check'
import koffi from 'koffi'
import { beforeAll, describe, expect, it } from 'vitest'
import { GREEDY, logitsOf, ROW_MATH, type RowMath, Sampler, uniform } from '../../src/core/index.ts'
import { logSumExp, topConfidence } from '../../src/core/logits-math.ts'
import { declareRowKernels } from '../../src/llama/row-kernels.ts'
import { buildKernels, isas } from './build.ts'

const kernels = new Map<string, RowMath>()
beforeAll(async () => {
  for (const isa of isas()) kernels.set(isa, declareRowKernels(koffi.load(await buildKernels(isa))))
}, 300_000)

const rows = fc
  .array(
    fc.oneof(
      fc.integer({ min: -8, max: 8 }),
      fc.constantFrom(Number.NEGATIVE_INFINITY, Number.NaN, -0, 1e30, -1e30),
      fc.float({ min: -40, max: 40, noNaN: true }),
    ),
    { minLength: 1, maxLength: 400, size: 'max' },
  )
  .map((values) => Float32Array.from(values))
const bands = fc.constantFrom(0, 0.5, 3, 12, 1e31, 1e300, Number.POSITIVE_INFINITY)
/** As wide as a vocabulary, at an address that no vector register likes. */
const wide = Float32Array.from({ length: 152_064 + 3 }, (_, i) => 12 * (uniform(1, i) + uniform(2, i) + uniform(3, i) - 2)).subarray(3)

/** Runs `body` for every instruction set that this computer has. */
function everywhere(body: (math: RowMath) => void): void {
  for (const math of kernels.values()) body(math)
}

describe.skipIf(isas().length === 0)('native functions on rows', () => {
  it('give the answers that JavaScript gives, to the bit', () => {
    everywhere((math) => {
      fc.assert(
        fc.property(rows, bands, fc.integer({ min: 1, max: 450 }), (row, band, count) => {
          expect(math.argmax(row)).toBe(ROW_MATH.argmax(row))
          expect(Array.from(math.top(row, count))).toEqual(Array.from(ROW_MATH.top(row, count)))
          const [here, there] = [math.near(row, band), ROW_MATH.near(row, band)]
          expect(Array.from(here.tokens)).toEqual(Array.from(there.tokens))
          expect(Array.from(here.logits)).toEqual(Array.from(there.logits))
          expect(here.most).toBe(there.most)
        }),
        { numRuns: 1000 },
      )
      expect(math.argmax(wide)).toBe(ROW_MATH.argmax(wide))
      expect(topConfidence(math, wide)).toEqual(topConfidence(ROW_MATH, wide))
      expect(Array.from(math.near(wide, 40).tokens)).toEqual(Array.from(ROW_MATH.near(wide, 40).tokens))
      for (const count of [1, 20, 1000]) expect(Array.from(math.top(wide, count))).toEqual(ROW_MATH.top(wide, count))
    })
  })

  it('give sums within 1e-10 of the true ones', () => {
    everywhere((math) => {
      for (const row of [wide, wide.subarray(0, 1), wide.subarray(7, 300)]) {
        const most = row[ROW_MATH.argmax(row)] as number
        for (const temperature of [0.05, 0.8, 1, 20]) {
          for (const band of [0, 12, 24 * temperature]) {
            const expected = ROW_MATH.sums(row, most, band, temperature)
            const sums = math.sums(row, most, band, temperature)
            expect(sums.length).toBe(expected.length)
            expected.forEach((sum, i) => {
              expect(Math.abs((sums[i] as number) - sum), `block ${i}`).toBeLessThanOrEqual(1e-10 * sum)
            })
          }
        }
        expect(Math.abs(logSumExp(math, row) - logSumExp(ROW_MATH, row))).toBeLessThan(1e-9)
      }
    })
  })

  it('let the same tokens be drawn', () => {
    everywhere((math) => {
      for (let seed = 0; seed < 40; seed++) {
        const text = Array.from({ length: seed }, (_, i) => (seed * 7919 + i * 31) % wide.length)
        for (const some of [{}, { topP: 0.9 }, { topK: 40, topP: 0.95, minP: 0.05 }, { minP: 0.02 }, { repeatPenalty: 1.3, topP: 0.8 }]) {
          const sampler = new Sampler({ ...GREEDY, temperature: 0.8, seed, ...some })
          const draw = (by: RowMath) => {
            const logits = logitsOf(() => wide, by)
            return sampler.pick(logits, 0, text)
          }
          expect(draw(math)).toBe(draw(ROW_MATH))
        }
      }
    })
  })
})
