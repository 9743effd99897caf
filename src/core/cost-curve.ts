/** Measured seconds of one pass over n tokens: T(n) of the target, t(n) of the draft model. */
export interface CostCurve {
  /** Ascending, from 1. */
  readonly widths: readonly number[]
  /** Of a pass behind a short context. */
  readonly seconds: readonly number[]
  /** Seconds of each that pass outside the engine, if measured: its batch is written and a row is read. */
  readonly overheadSeconds?: number
  /** Seconds that each token of context adds: to every pass, and for each token of the pass. */
  readonly context?: { readonly perPass: number; readonly perToken: number }
}

/**
 * Seconds of a pass over `width` tokens behind `context` ones: between measured widths on a line, behind the last one with the last
 * slope; 0 tokens cost nothing.
 */
export function costOf({ widths, seconds, context: slope }: CostCurve, width: number, context = 0): number {
  if (width <= 0) return 0
  const added = slope ? context * (slope.perPass + slope.perToken * width) : 0
  const above = widths.findIndex((one) => one >= width)
  const right = above < 0 ? widths.length - 1 : above
  if (widths[right] === width || right === 0) return (seconds[right] as number) + added
  const [x0, x1] = [widths[right - 1] as number, widths[right] as number]
  const [y0, y1] = [seconds[right - 1] as number, seconds[right] as number]
  return y1 + ((y1 - y0) / (x1 - x0)) * (width - x1) + added
}

/** The same costs with none above a wider pass's: noise only adds time. */
export function monotone(seconds: readonly number[]): number[] {
  const result = [...seconds]
  for (let i = result.length - 2; i >= 0; i--) result[i] = Math.min(result[i] as number, result[i + 1] as number)
  return result
}
