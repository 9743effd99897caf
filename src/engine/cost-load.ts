import type { CostCurve } from '../core/cost-curve.ts'
import { CostModel, type Drift } from '../core/cost-model.ts'
import { measureCosts } from './calibration.ts'
import type { LlamaModel, LlamaModelOptions } from './llama-model.ts'
import { measurementKey, Remembered } from './remembered.ts'

const memory = () => new Remembered<CostCurve>('costs.json')

/** A model's remembered costs, or measured now; every later pass refines them. `fresh`: measured in any case. */
export function loadCosts(
  model: LlamaModel,
  options: LlamaModelOptions,
  drift: Drift,
  { fresh, onProgress }: { fresh: boolean; onProgress: (fraction: number) => void },
): CostModel {
  const key = measurementKey(model.file, options)
  let curve = fresh ? undefined : memory().get(key)
  if (!curve) {
    curve = measureCosts(model, onProgress)
    memory().set(key, curve)
  }
  const costs = new CostModel(curve, drift)
  model.onPass = (tokens, context, seconds) => costs.observe(tokens, context, seconds)
  return costs
}

/** Real passes had another shape than the measured ones: the next load measures again. */
export function forgetCosts(model: LlamaModel, options: LlamaModelOptions): void {
  memory().set(measurementKey(model.file, options), undefined)
}
