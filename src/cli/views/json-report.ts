import type { EngineFacts, GeneratedToken } from '../../api/types.ts'
import { draftAcceptanceRate, meanAcceptanceLength } from '../../core/stats.ts'
import type { Answer } from './answer.ts'
import type { Comparison } from './comparison.ts'

/** What `--json` prints; names as in llama.cpp's timings and vLLM's speculation metrics. */
export function jsonReport(facts: EngineFacts, answer: Answer, extra: { comparison?: Comparison; logprobs?: boolean }): object {
  const { result } = answer
  const { usage, timings, statistics } = result
  return {
    text: result.text,
    exact: result.exact,
    finish_reason: result.finishReason,
    usage: { prompt_tokens: usage.promptTokens, completion_tokens: usage.completionTokens },
    timings: {
      load_ms: facts.loadMs,
      prompt_ms: timings.promptMs,
      predicted_ms: timings.predictedMs,
      predicted_per_second: timings.predictedPerSecond,
      draft_n: statistics.draftTokens,
      draft_n_accepted: statistics.acceptedTokens,
    },
    speculative: {
      method: result.method,
      steps: statistics.steps,
      target_passes: statistics.targetPasses,
      draft_passes: statistics.draftPasses,
      mean_acceptance_length: meanAcceptanceLength(statistics),
      draft_acceptance_rate: draftAcceptanceRate(statistics),
      acceptance_histogram: statistics.acceptanceHistogram,
      tokens_by_origin: statistics.tokensByOrigin,
    },
    ...(extra.logprobs && { logprobs: answer.tokens.map(tokenReport) }),
    ...(extra.comparison && comparisonReport(extra.comparison)),
  }
}

function tokenReport(token: GeneratedToken): object {
  return { id: token.id, token: token.text, logprob: token.logprob, top_logprobs: token.topLogprobs ?? [] }
}

function comparisonReport(comparison: Comparison): object {
  const { result } = comparison.plain
  return {
    plain: { text: result.text, predicted_per_second: comparison.plainSpeed, runs_per_second: comparison.plainSpeeds },
    speedup: comparison.speedup,
    equal: comparison.equal,
  }
}
