import { type CostCurve, costOf } from '../core/cost-curve.ts'

/** Widest pass that counts: no draft is longer. */
const LIMIT_WIDTH = 64

/** The most that drafting can gain on a curve. */
export interface Limit {
  /** Speed with perfect drafts that cost nothing ÷ plain speed. */
  readonly speedup: number
  /** The pass width where it is reached. */
  readonly width: number
  /** Tokens per second there, and without drafts, as the curve has them. */
  readonly tokensPerSecond: number
  readonly plainTokensPerSecond: number
}

/** max over n up to 64 of n / T(n): between two measured widths the quotient of a straight line has no maximum of its own. */
export function limitOf(curve: CostCurve): Limit {
  const plain = 1 / costOf(curve, 1)
  const best = curve.widths
    .map((width, i) => ({ width, rate: width <= LIMIT_WIDTH ? width / (curve.seconds[i] as number) : 0 }))
    .reduce((a, b) => (b.rate > a.rate ? b : a), { width: 1, rate: plain })
  return { speedup: best.rate / plain, width: best.width, tokensPerSecond: best.rate, plainTokensPerSecond: plain }
}
