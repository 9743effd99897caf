import type { Origin, PhraseSource } from './token.ts'

/** Counters of one generation. Rates are derived, never stored. */
export interface Statistics {
  /** Draft → verify → observe rounds. */
  steps: number
  /** Target passes that emitted tokens; prompt chunks before the last one are counted in `promptPasses`. */
  targetPasses: number
  draftPasses: number
  promptPasses: number
  /** Tokens proposed to the target (tree nodes), and those accepted. Correction and bonus tokens are in neither. */
  draftTokens: number
  acceptedTokens: number
  tokensByOrigin: Record<Origin, number>
  tokensBySource: Partial<Record<PhraseSource, number>>
  /** `acceptanceHistogram[n]` = steps that emitted n tokens, correction or bonus token included. */
  acceptanceHistogram: number[]
}

export function emptyStatistics(): Statistics {
  return {
    steps: 0,
    targetPasses: 0,
    draftPasses: 0,
    promptPasses: 0,
    draftTokens: 0,
    acceptedTokens: 0,
    tokensByOrigin: { target: 0, draft: 0, phrase: 0 },
    tokensBySource: {},
    acceptanceHistogram: [],
  }
}

/** Tokens per step, correction or bonus token included (vLLM: mean acceptance length; the papers' tau). */
export function meanAcceptanceLength(statistics: Statistics): number {
  const emitted = statistics.acceptanceHistogram.reduce((sum, steps, length) => sum + steps * length, 0)
  return statistics.steps === 0 ? 0 : emitted / statistics.steps
}

/** Accepted ÷ proposed tokens; correction and bonus tokens excluded. */
export function draftAcceptanceRate(statistics: Statistics): number {
  return statistics.draftTokens === 0 ? 0 : statistics.acceptedTokens / statistics.draftTokens
}

/** Adds one round to the counters. */
export function recordStep(
  statistics: Statistics,
  proposed: number,
  accepted: number,
  emitted: readonly { origin: Origin; source?: PhraseSource }[],
): void {
  statistics.steps++
  statistics.targetPasses++
  statistics.draftTokens += proposed
  statistics.acceptedTokens += accepted
  for (const { origin, source } of emitted) {
    statistics.tokensByOrigin[origin]++
    if (source) statistics.tokensBySource[source] = (statistics.tokensBySource[source] ?? 0) + 1
  }
  while (statistics.acceptanceHistogram.length <= emitted.length) statistics.acceptanceHistogram.push(0)
  statistics.acceptanceHistogram[emitted.length] = (statistics.acceptanceHistogram[emitted.length] as number) + 1
}
