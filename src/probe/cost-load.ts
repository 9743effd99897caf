import { CostModel } from '../core/control/pass-costs.ts'
import type { Costs } from '../core/control/planner.ts'
import type { CostCurve } from '../core/cost-curve.ts'
import type { LlamaModel, LlamaModelOptions } from '../llama/model.ts'
import { measureCosts } from './calibration.ts'
import { MeasurementCache, measurementKey } from './measurement-cache.ts'
import { ThreadPace } from './thread-pace.ts'

/** A curve whose shape has changed by this factor since it was measured is measured again. */
const STALE = 1.6

const memory = () => new MeasurementCache<CostCurve>('costs.json')

/** A model's remembered costs, or measured now; every later pass refines them and sets the threads of the next one. `fresh`: measured in any case. */
export function loadCosts(
  model: LlamaModel,
  options: LlamaModelOptions,
  { fresh, onProgress }: { fresh: boolean; onProgress: (fraction: number) => void },
): CostModel {
  const key = measurementKey(model.file, options)
  let curve = fresh ? undefined : memory().get(key)
  if (!curve) {
    curve = measureCosts(model, onProgress)
    memory().set(key, curve)
  }
  const costs = new CostModel(curve)
  const { overheadSeconds = 0 } = curve
  const pace = new ThreadPace(model.threads, curve)
  model.onPass = (tokens, context, seconds) => {
    costs.observe(tokens, context, seconds + overheadSeconds)
    model.pace = pace.observe(tokens, seconds + overheadSeconds, context)
  }
  return costs
}

/** Where nothing is to be measured: passes over a few tokens wait for memory, as on most processors; only the ratios matter. */
export function assumedCosts(hasDraft: boolean): Costs {
  const target = new CostModel({ widths: [1, 8, 64], seconds: [0.025, 0.04, 0.2] })
  return { target, ...(hasDraft && { draft: new CostModel({ widths: [1, 8, 64], seconds: [0.009, 0.013, 0.07] }) }) }
}

/** Keeps what real passes have taught; where they had another shape than the measured ones, the next load measures again. */
export function rememberCosts(model: LlamaModel, options: LlamaModelOptions, { curve, distortion }: CostModel): void {
  memory().set(measurementKey(model.file, options), distortion > STALE ? undefined : curve)
}
