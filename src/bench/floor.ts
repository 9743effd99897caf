import { perPrompt, timed } from './per-prompt.ts'
import type { Report, ReportSample } from './report.ts'
import { ratio } from './sample.ts'
import { groupBy, sum } from './statistics.ts'

/** Below this speed-up a prompt is slower than plain decoding; between it and 1 it may be the clocks. */
const FLOOR = 0.97

/** One line a target and method: how many prompts were slower than plain decoding, and of which tasks. */
export function floorLines({ rows, samples }: Report): string[] {
  const drafted = samples.filter(({ target, method }) =>
    rows.some((row) => row.target === target && row.method === method && row.base !== method),
  )
  return [...groupBy(drafted, ({ target, method }) => `${target}, ${method}`)].map(([name, ofMethod]) => {
    const tasks = [...groupBy(ofMethod, ({ task }) => task)].map(([task, ofTask]) => ({
      task,
      speedups: perPrompt(timed(ofTask), speedupOf),
    }))
    const slow = tasks
      .map(({ task, speedups }) => ({ task, count: speedups.filter((one) => one < FLOOR).length }))
      .filter(({ count }) => count > 0)
    const where = slow.length > 0 ? ` (${slow.map(({ task, count }) => `${task} ${count}`).join(', ')})` : ''
    return `${name}: ${sum(slow.map(({ count }) => count))} of ${sum(tasks.map(({ speedups }) => speedups.length))} prompts below ${FLOOR}x${where}`
  })
}

function speedupOf({ tokens_per_second, base_tokens_per_second }: ReportSample): number | null {
  return ratio({ tokensPerSecond: tokens_per_second }, { tokensPerSecond: base_tokens_per_second })
}
