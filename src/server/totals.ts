import type { GenerationResult } from '../api/types.ts'
import { draftAcceptanceRate, emptyStatistics, meanAcceptanceLength, type Statistics } from '../core/stats.ts'
import type { TimingsBody, Usage } from './response-schemas.ts'

/** `usage` of a response: all its choices together, the prompt of equal prompts once. */
export function usageOf(results: readonly GenerationResult[], prompts: number): Usage {
  const sum = (of: (result: GenerationResult) => number) => results.reduce((total, result) => total + of(result), 0)
  const perPrompt = results.filter((_, i) => i % (results.length / prompts) === 0)
  const prompt = perPrompt.reduce((total, { usage }) => total + usage.promptTokens, 0)
  const completion = sum(({ usage }) => usage.completionTokens)
  const accepted = sum(({ statistics }) => statistics.tokensBySource.prediction ?? 0)
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: perPrompt.reduce((total, { usage }) => total + usage.cachedTokens, 0) },
    completion_tokens_details: {
      accepted_prediction_tokens: accepted,
      rejected_prediction_tokens: Math.max(0, sum(({ statistics }) => statistics.proposedBySource.prediction ?? 0) - accepted),
    },
  }
}

/** `timings` of a response, under llama.cpp's names; choices that ran at once: the longest time. */
export function timingsOf(results: readonly GenerationResult[]): TimingsBody {
  const longest = (of: (result: GenerationResult) => number) => results.reduce((most, result) => Math.max(most, of(result)), 0)
  const sum = (of: (result: GenerationResult) => number) => results.reduce((total, result) => total + of(result), 0)
  const statistics = joined(results.map((result) => result.statistics))
  const promptMs = longest(({ timings }) => timings.promptMs)
  const predictedMs = longest(({ timings }) => timings.predictedMs)
  const written = sum(({ usage }) => usage.completionTokens)
  const read = sum(({ usage }) => usage.promptTokens - usage.cachedTokens)
  return {
    cache_n: sum(({ usage }) => usage.cachedTokens),
    prompt_n: read,
    prompt_ms: promptMs,
    prompt_per_token_ms: read > 0 ? promptMs / read : 0,
    prompt_per_second: promptMs > 0 ? (read / promptMs) * 1000 : 0,
    predicted_n: written,
    predicted_ms: predictedMs,
    predicted_per_token_ms: written > 0 ? predictedMs / written : 0,
    predicted_per_second: sum(({ timings }) => timings.predictedPerSecond),
    draft_n: statistics.draftTokens,
    draft_n_accepted: statistics.acceptedTokens,
    speculative_decoding: {
      mean_acceptance_length: meanAcceptanceLength(statistics),
      draft_acceptance_rate: draftAcceptanceRate(statistics),
      acceptance_histogram: statistics.acceptanceHistogram,
      num_spec_steps: statistics.steps,
      num_draft_tokens: statistics.draftTokens,
      num_accepted_draft_tokens: statistics.acceptedTokens,
    },
  }
}

/** The counters that responses report, over several generations. */
function joined(all: readonly Statistics[]): Statistics {
  const total = emptyStatistics()
  for (const { steps, draftTokens, acceptedTokens, acceptanceHistogram } of all) {
    total.steps += steps
    total.draftTokens += draftTokens
    total.acceptedTokens += acceptedTokens
    acceptanceHistogram.forEach((count, length) => {
      total.acceptanceHistogram[length] = (total.acceptanceHistogram[length] ?? 0) + count
    })
  }
  total.acceptanceHistogram = Array.from(total.acceptanceHistogram, (count) => count ?? 0)
  return total
}
