import type { Origin, PhraseSource } from './token.ts'
import type { TokenTree } from './token-tree.ts'

/** A phrase pool as a request saw it. */
export interface PoolReport {
  /** Phrases held. */
  readonly size: number
  /** Times that phrases were looked for, and times that some were found: their quotient is the hit rate. */
  readonly lookups: number
  readonly hits: number
}

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
  /** Phrase tokens proposed, by source; `tokensBySource` has those accepted. */
  proposedBySource: Partial<Record<PhraseSource, number>>
  /** The phrase pool after the last step; absent where the method has none. */
  pool?: PoolReport
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
    proposedBySource: {},
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
  proposed: TokenTree,
  accepted: number,
  emitted: readonly { origin: Origin; source?: PhraseSource }[],
): void {
  statistics.steps++
  statistics.targetPasses++
  statistics.draftTokens += proposed.size
  statistics.acceptedTokens += accepted
  for (let node = 0; node < proposed.size; node++) {
    const source = proposed.proposal(node)?.source
    if (source) statistics.proposedBySource[source] = (statistics.proposedBySource[source] ?? 0) + 1
  }
  for (const { origin, source } of emitted) {
    statistics.tokensByOrigin[origin]++
    if (source) statistics.tokensBySource[source] = (statistics.tokensBySource[source] ?? 0) + 1
  }
  while (statistics.acceptanceHistogram.length <= emitted.length) statistics.acceptanceHistogram.push(0)
  statistics.acceptanceHistogram[emitted.length] = (statistics.acceptanceHistogram[emitted.length] as number) + 1
}
