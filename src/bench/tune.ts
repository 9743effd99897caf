import { sum } from './statistics.ts'

/** Draft lengths tried; prompts that each is tried on, and the most tokens per answer. */
export const DRAFT_LENGTHS: readonly number[] = [2, 3, 4, 5, 7]
export const TUNING_PROMPTS = 2
export const TUNING_TOKENS = 64

/**
 * The candidate with the most tokens per second over some prompts, which are not those to be measured. The candidates run in turn
 * on each prompt. Undefined without prompts.
 */
export async function tune<T>(
  candidates: readonly T[],
  prompts: readonly string[],
  run: (candidate: T, prompt: string) => Promise<{ decodedTokens: number; decodedMs: number }>,
): Promise<T | undefined> {
  const runs = candidates.map((candidate) => ({ candidate, results: [] as { decodedTokens: number; decodedMs: number }[] }))
  for (const [i, prompt] of prompts.entries()) {
    const order = i % 2 === 0 ? runs : [...runs].reverse()
    for (const { candidate, results } of order) results.push(await run(candidate, prompt))
  }
  const rated = runs
    .map(({ candidate, results }) => ({
      candidate,
      rate: sum(results.map((one) => one.decodedTokens)) / sum(results.map((one) => one.decodedMs)),
    }))
    .filter(({ rate }) => Number.isFinite(rate))
  if (rated.length === 0) return undefined
  return rated.reduce((best, one) => (one.rate > best.rate ? one : best)).candidate
}
