import { median } from '../core/quantile.ts'
import { groupBy } from './statistics.ts'

/** The turns that count for speeds: the steady ones, where there are any. */
export function timed<T extends { readonly steady: boolean }>(samples: readonly T[]): readonly T[] {
  return samples.some(({ steady }) => steady) ? samples.filter(({ steady }) => steady) : samples
}

/** A value per prompt, the median of its repetitions; prompts without one are left out. */
export function perPrompt<T extends { readonly task: string; readonly prompt: number }>(
  samples: readonly T[],
  of: (sample: T) => number | null,
): number[] {
  const prompts = [...groupBy(samples, ({ task, prompt }) => JSON.stringify([task, prompt])).values()]
  return prompts.map((group) => median(group.map(of).filter((value) => value !== null))).filter((value) => !Number.isNaN(value))
}
