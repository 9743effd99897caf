import fc from 'fast-check'
import type { CostCurve } from '../../src/core/index.ts'

/** What passes cost, and what steps brought until now: all that decides how far the drafter goes, where the user sets no limit. */
export interface Costs {
  target: CostCurve
  draft: CostCurve
  past: { phraseChance: number; emitted: number; plainTokens: number }[]
}

/** Pass costs as they are measured: never less for a wider pass, with or without steps, and with what a context adds. */
const curve = (first: number): fc.Arbitrary<CostCurve> =>
  fc
    .record({
      widths: fc.uniqueArray(fc.integer({ min: 2, max: 64 }), { minLength: 1, maxLength: 4 }),
      slopes: fc.array(fc.constantFrom(0, 0.02, 0.1, 0.5, 1), { minLength: 4, maxLength: 4 }),
      perPass: fc.constantFrom(0, 0.001),
      perToken: fc.constantFrom(0, 0.0005),
    })
    .map(({ widths: wider, slopes, perPass, perToken }) => {
      const widths = [1, ...wider.sort((a, b) => a - b)]
      const seconds = [first]
      for (let i = 1; i < widths.length; i++) {
        const added = (slopes[i - 1] as number) * ((widths[i] as number) - (widths[i - 1] as number))
        seconds.push((seconds[i - 1] as number) + first * added)
      }
      return { widths, seconds, context: { perPass: first * perPass, perToken: first * perToken } }
    })

export const costs: fc.Arbitrary<Costs> = fc.record({
  target: curve(1),
  draft: fc.constantFrom(0.05, 0.2, 0.5).chain(curve),
  past: fc.array(
    fc.record({
      phraseChance: fc.constantFrom(0, 0.5, 1),
      emitted: fc.integer({ min: 1, max: 12 }),
      plainTokens: fc.constantFrom(0.5, 1, 1.5, 3),
    }),
    { maxLength: 20 },
  ),
})
