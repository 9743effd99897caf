/** Seconds that a pass over n tokens takes: measured at these widths, ascending from 1. */
export interface CostCurve {
  readonly widths: readonly number[]
  readonly seconds: readonly number[]
}
