import { emptyStatistics } from '../core/stats.ts'
import { DEFAULT_METHOD, type Method } from './methods.ts'
import type { GenerationResult } from './types.ts'

/** The result of a request that was given up before it began. */
export function abortedResult(method: Method = DEFAULT_METHOD): GenerationResult {
  return {
    text: '',
    finishReason: 'abort',
    usage: { promptTokens: 0, completionTokens: 0, cachedTokens: 0 },
    timings: { promptMs: 0, predictedMs: 0, predictedPerSecond: 0, engineMs: 0, draftMs: 0, targetMs: 0, ownMs: 0 },
    method,
    statistics: emptyStatistics(),
    exact: true,
  }
}
