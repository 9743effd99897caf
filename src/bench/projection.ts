import { costOf } from '../core/cost-curve.ts'
import type { Hardware } from './hardware.ts'
import type { Projection } from './report.ts'
import { groupByMethod, rounded } from './rows.ts'
import type { Sample } from './sample.ts'
import { sum } from './statistics.ts'

/**
 * What the recorded steps would take on other hardware: the same passes, other costs. The drafts are those chosen for the machine
 * that was measured, so a lower bound for hardware on which longer ones would pay. Steps of other programs are not known.
 */
export function project(samples: readonly Sample[], hardware: Hardware): Projection[] {
  return groupByMethod(samples).flatMap((group) => {
    const { target, task, method } = group[0] as Sample
    const seconds = sum(group.map((sample) => secondsOf(sample, hardware)))
    const tokens = sum(group.map((sample) => sample.measured.decodedTokens))
    if (Number.isNaN(seconds) || seconds === 0 || tokens === 0) return []
    const speed = tokens / seconds
    return [
      {
        hardware: hardware.name,
        task,
        method,
        target,
        tokens_per_second: rounded(speed),
        speedup: rounded(speed * costOf(hardware.target, 1)),
      },
    ]
  })
}

/** NaN where the passes are not known or the hardware has no draft model. */
function secondsOf({ measured }: Sample, { target, draft }: Hardware): number {
  if (!measured.widths) return Number.NaN
  return sum(
    measured.widths.map((step) => {
      const drafting = step.draft.map((width) => (draft ? costOf(draft, width) : Number.NaN))
      return (step.target > 0 ? costOf(target, step.target) : 0) + sum(drafting)
    }),
  )
}
