import { median, quantile } from '../core/quantile.ts'
import { rankOf } from './method.ts'
import { perPrompt, promptsOf, timed } from './per-prompt.ts'
import type { ReportLimit, ReportRow, ReportSample } from './report.ts'
import { type Measured, partingOf, ratio, type Sample } from './sample.ts'
import { groupBy, sum } from './statistics.ts'

/** The row of all tasks together. */
const OVERALL = 'overall'

/** One line per target, task and method; behind a target's tasks, where there are several, the methods that were measured on all of them. */
export function rowsOf(samples: readonly Sample[], limits: readonly ReportLimit[]): ReportRow[] {
  return [...groupBy(samples, ({ target }) => target).values()].flatMap((ofTarget) => {
    const tasks = [...groupBy(ofTarget, ({ task }) => task)]
    const rows = tasks.flatMap(([task, ones]) => byMethod(ones).map((group) => rowOf(task, group, limits)))
    if (tasks.length === 1) return rows
    const everywhere = byMethod(ofTarget).filter((group) => groupBy(group, ({ task }) => task).size === tasks.length)
    return [...rows, ...everywhere.map((group) => rowOf(OVERALL, group, limits))]
  })
}

/** Samples of one target, task and method: targets and tasks as they were measured, methods in their usual order. */
export function groupByMethod(samples: readonly Sample[]): Sample[][] {
  const byTask = [...groupBy(samples, ({ target, task }) => JSON.stringify([target, task])).values()]
  return byTask.flatMap(byMethod)
}

function byMethod(samples: readonly Sample[]): Sample[][] {
  return [...groupBy(samples, ({ method }) => method).values()].sort(([a], [b]) => rank(a as Sample) - rank(b as Sample))
}

/** Ours first; plain decoding before what refers to it. */
function rank({ method, base }: Sample): number {
  const at = rankOf(method)
  return at >= 0 ? at : 1000 + (method === base.method ? 0 : 1)
}

function rowOf(task: string, samples: readonly Sample[], limits: readonly ReportLimit[]): ReportRow {
  const { target, method, base } = samples[0] as Sample
  const all = samples.map((sample) => sample.measured)
  const counted = timed(samples)
  const ratios = perPrompt(counted, (sample) => ratio(sample.measured, sample.base.measured))
  const speedup = ratios.length > 0 ? median(ratios) : null
  const overVanilla = perPrompt(counted, (sample) => ratio(sample.measured, sample.vanilla))
  const limit = limits.find((one) => one.target === target)
  const tokens = sum(all.map((one) => one.tokens))
  const total = totalRate(counted.map((sample) => sample.measured)) / totalRate(counted.map((sample) => sample.base.measured))
  const isOurs = base.method === 'vanilla'
  return {
    task,
    method,
    target,
    prompts: promptsOf(samples).length,
    tokens,
    tokens_per_second: rounded(median(perPrompt(counted, (sample) => sample.measured.tokensPerSecond))),
    speedup: speedup === null ? null : rounded(speedup),
    spread:
      speedup === null
        ? null
        : {
            min: rounded(Math.min(...ratios)),
            q1: rounded(quantile(ratios, 0.25)),
            q3: rounded(quantile(ratios, 0.75)),
            max: rounded(Math.max(...ratios)),
          },
    mean_acceptance_length: meanLength(all),
    target_passes_per_token: perToken(all, (one) => one.targetPasses),
    draft_passes_per_token: perToken(all, (one) => one.draftPasses),
    overhead_share: overhead(all),
    fraction_of_limit: limit && speedup !== null && isOurs ? rounded(speedup / limit.speedup) : null,
    texts: samples.length,
    equal_texts: samples.filter(({ measured, base }) => measured.text === base.measured.text).length,
    unsteady: samples.filter((sample) => !sample.steady).length,
    base: base.method,
    speedup_of_totals: Number.isFinite(total) ? rounded(total) : null,
    speedup_over_vanilla: overVanilla.length > 0 ? rounded(median(overVanilla)) : null,
    joules_per_token: combined(
      all,
      (one) => one.joules,
      (joules) => rounded(sum(joules) / Math.max(1, sum(all.map((one) => one.decodedTokens)))),
    ),
    memory_bytes: combined(all, (one) => one.rssBytes, median),
    acceptance_histogram: histogramOf(all),
  }
}

/** A sample without its text. */
export function reportSample({ task, method, target, prompt, repeat, measured, base, steady }: Sample): ReportSample {
  return {
    task,
    method,
    target,
    prompt,
    repeat,
    prompt_tokens: measured.promptTokens,
    tokens: measured.tokens,
    tokens_per_second: rounded(measured.tokensPerSecond),
    base_tokens_per_second: rounded(base.measured.tokensPerSecond),
    steady,
    differs_at: partingOf(measured, base.measured),
  }
}

/** Four digits behind the point: more than any of these figures has. */
export function rounded(value: number): number {
  return Math.round(value * 1e4) / 1e4
}

function totalRate(all: readonly Measured[]): number {
  return sum(all.map((one) => one.decodedTokens)) / sum(all.map((one) => one.decodedMs))
}

function meanLength(all: readonly Measured[]): number | null {
  const histogram = histogramOf(all)
  if (histogram) return rounded(sum(histogram.map((steps, length) => steps * length)) / Math.max(1, sum(histogram)))
  return combined(
    all,
    (one) => one.targetPasses,
    (passes) => rounded(sum(all.map((one) => one.tokens)) / Math.max(1, sum(passes))),
  )
}

function histogramOf(all: readonly Measured[]): number[] | null {
  const histograms = all.map((one) => one.histogram)
  if (!histograms.every((one) => one !== null)) return null
  const length = Math.max(...histograms.map((one) => one.length))
  return Array.from({ length }, (_, at) => sum(histograms.map((one) => one[at] ?? 0)))
}

function perToken(all: readonly Measured[], of: (one: Measured) => number | null): number | null {
  return combined(all, of, (passes) => rounded(sum(passes) / Math.max(1, sum(all.map((one) => one.tokens)))))
}

function overhead(all: readonly Measured[]): number | null {
  return combined(
    all,
    (one) => one.engineMs,
    (engine) => rounded(1 - sum(engine) / sum(all.map((one) => one.promptMs + one.decodedMs))),
  )
}

/** `combine` of a value that every measurement knows, else null. */
function combined(
  all: readonly Measured[],
  of: (one: Measured) => number | null,
  combine: (values: readonly number[]) => number,
): number | null {
  const values = all.map(of)
  return values.every((value) => value !== null) ? combine(values) : null
}
