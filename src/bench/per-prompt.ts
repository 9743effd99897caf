import { median } from '../core/quantile.ts'
import { groupBy } from './statistics.ts'

/** The turns that count for speeds: the steady ones, where there are any. */
export function timed<T extends { readonly steady: boolean }>(samples: readonly T[]): readonly T[] {
  return samples.some(({ steady }) => steady) ? samples.filter(({ steady }) => steady) : samples
}

interface OfPrompt {
  readonly task: string
  readonly prompt: number
}

/** The samples of each prompt: its repetitions. */
export function promptsOf<T extends OfPrompt>(samples: readonly T[]): T[][] {
  return [...groupBy(samples, ({ task, prompt }) => JSON.stringify([task, prompt])).values()]
}

/** A value per prompt, the median of its repetitions; prompts without one are left out. */
export function perPrompt<T extends OfPrompt>(samples: readonly T[], of: (sample: T) => number | null): number[] {
  return promptsOf(samples)
    .map((group) => median(group.map(of).filter((value) => value !== null)))
    .filter((value) => !Number.isNaN(value))
}
