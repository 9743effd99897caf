import type { PassWidths } from '../core/decoding/session.ts'

/** One answer as it was measured. `null`: whoever wrote it does not tell. */
export interface Measured {
  readonly text: string
  readonly ids: readonly number[] | null
  readonly promptTokens: number
  readonly tokens: number
  /** Tokens behind the first one, which comes with the prompt, and the time they took: all that the draft model does is part of it. */
  readonly decodedTokens: number
  readonly decodedMs: number
  readonly tokensPerSecond: number
  readonly promptMs: number
  readonly engineMs: number | null
  readonly targetPasses: number | null
  readonly draftPasses: number | null
  /** `histogram[n]` = steps that emitted n tokens. */
  readonly histogram: readonly number[] | null
  /** Passes of the steps, for projections; of the first one only the draft model's (target: 0). */
  readonly widths: readonly PassWidths[] | null
  /** What the whole machine used for the tokens behind the first step. */
  readonly joules: number | null
  /** Resident memory of the process that wrote it. */
  readonly rssBytes: number | null
}

/** A measurement in its place, with the plain runs around it. */
export interface Sample {
  readonly target: string
  readonly task: string
  readonly method: string
  /** Counted from 0. */
  readonly prompt: number
  readonly repeat: number
  readonly measured: Measured
  /** The plain runs before and after it agree. */
  readonly steady: boolean
  /** What the speed-up refers to: plain decoding on the same engine, before and after it. */
  readonly base: { readonly method: string; readonly measured: Measured }
  /** Our own plain decoding of the same prompt; the base itself where that is ours. */
  readonly vanilla: Measured
}

/** Tokens per second ÷ the base's; null where one of them wrote nothing behind its first step. */
export function ratio(a: Pick<Measured, 'tokensPerSecond'>, b: Pick<Measured, 'tokensPerSecond'>): number | null {
  return a.tokensPerSecond > 0 && b.tokensPerSecond > 0 ? a.tokensPerSecond / b.tokensPerSecond : null
}

/** The first token where two answers part, counted from 0; characters where tokens are not known; null: they are equal. */
export function partingOf(a: Measured, b: Measured): number | null {
  if (a.text === b.text) return null
  const [left, right]: [ArrayLike<unknown>, ArrayLike<unknown>] = a.ids && b.ids ? [a.ids, b.ids] : [a.text, b.text]
  let at = 0
  while (at < left.length && left[at] === right[at]) at++
  return at
}
