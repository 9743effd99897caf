import type { GenerationResult } from '../../api/types.ts'
import { draftAcceptanceRate, meanAcceptanceLength, type Statistics } from '../../core/stats.ts'
import type { Origin } from '../../core/token.ts'
import { type Paint, paintOrigin } from './origin-colors.ts'

const ENDED = { stop: 'ended by the model or a stop text', length: 'cut at the token limit', abort: 'interrupted' } as const

/** The statistics of one answer for people, several lines. */
export function statsReport(result: GenerationResult, paint: Paint): string {
  const { usage, timings, statistics, method } = result
  if (usage.completionTokens === 0) return `${ENDED[result.finishReason]} before the first token`
  const cached = usage.cachedTokens > 0 ? ` (${usage.cachedTokens} cached)` : ''
  const rows = [
    ['prompt', `${usage.promptTokens} tokens${cached} in ${seconds(timings.promptMs)}`],
    [
      'answer',
      `${usage.completionTokens} tokens in ${seconds(timings.predictedMs)}, ${speed(timings.predictedPerSecond)}, ${ENDED[result.finishReason]}`,
    ],
    ['method', `${method}: ${statistics.steps} steps, ${statistics.targetPasses} target passes, ${statistics.draftPasses} draft passes`],
    ['accepted', acceptance(statistics)],
    ['origin', origins(statistics, paint)],
    ['lengths', histogram(statistics.acceptanceHistogram)],
  ]
  return rows.map(([name, text]) => `${paint.dim((name as string).padEnd(9))}${text}`).join('\n')
}

/** "21.3 tok/s" */
export function speed(perSecond: number): string {
  return `${perSecond.toFixed(1)} tok/s`
}

/** "target 48 (38%)  draft 60 (47%)  phrase 20 (16%)", colored. */
export function origins(statistics: Statistics, paint: Paint): string {
  const entries = Object.entries(statistics.tokensByOrigin) as [Origin, number][]
  const all = entries.reduce((sum, [, tokens]) => sum + tokens, 0)
  return entries.map(([origin, tokens]) => paintOrigin(paint, origin, `${origin} ${tokens} (${percent(tokens / (all || 1))})`)).join('  ')
}

function acceptance(statistics: Statistics): string {
  const length = `${meanAcceptanceLength(statistics).toFixed(2)} tokens per step`
  if (statistics.draftTokens === 0) return `nothing drafted, ${length}`
  return `${statistics.acceptedTokens} of ${statistics.draftTokens} draft tokens (${percent(draftAcceptanceRate(statistics))}), ${length}`
}

/** Steps by tokens emitted: "1×12  2×3". */
function histogram(steps: readonly number[]): string {
  const parts = steps.flatMap((count, length) => (count > 0 ? [`${length}×${count}`] : []))
  return parts.length === 0 ? 'none' : `${parts.join('  ')}  (tokens per step × steps)`
}

function percent(part: number): string {
  return `${Math.round(part * 100)}%`
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`
}
