import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { argmax, topConfidence } from '../../src/core/row-math.ts'

/** Rows around the size of a block, with ties and words that a grammar forbids. */
const rows = fc
  .array(fc.oneof(fc.integer({ min: -8, max: 8 }), fc.constant(Number.NEGATIVE_INFINITY), fc.float({ min: -40, max: 40, noNaN: true })), {
    minLength: 1,
    maxLength: 300,
  })
  .map((values) => Float32Array.from(values))

describe('rows of logits', () => {
  it('have their first largest value found, whatever the length', () => {
    fc.assert(fc.property(rows, (row) => argmax(row) === row.indexOf(Math.max(...row))))
  })

  it('have the probability of their largest value, as the softmax says', () => {
    fc.assert(
      fc.property(rows, (row) => {
        const most = Math.max(...row)
        fc.pre(most > Number.NEGATIVE_INFINITY)
        const { token, probability } = topConfidence(row)
        expect(token).toBe(row.indexOf(most))
        const sum = row.reduce((total, value) => total + Math.exp(value - most), 0)
        expect(Math.abs(probability - 1 / sum)).toBeLessThan(0.01)
      }),
    )
  })
})
