import type { CostCurve } from '../core/cost-curve.ts'
import { CostModel } from '../core/cost-model.ts'
import { OuroborosError } from '../core/errors.ts'
import { measureCosts } from './calibration.ts'
import { library } from './library.ts'
import type { LlamaModel, LlamaModelOptions } from './llama-model.ts'
import { measurementKey, Remembered } from './remembered.ts'
import { isSound, sound } from './soundness.ts'

const memory = () => new Remembered<CostCurve>('costs.json')

/** A model's remembered costs, or measured now; every later pass refines them. `fresh`: measured in any case. */
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
  const { aside = 0 } = curve
  model.onPass = (tokens, context, seconds) => costs.observe(tokens, context, seconds + aside)
  return costs
}

/** Keeps what real passes have taught; where they had another shape than the measured ones, the next load measures again. */
export function rememberCosts(model: LlamaModel, options: LlamaModelOptions, { curve, isStale }: CostModel): void {
  memory().set(measurementKey(model.file, options), isStale ? undefined : curve)
}

/** Refuses a fork's build that computes this file wrongly; asked once and remembered. Throws E_ENGINE. */
export function refuseUnsound(model: LlamaModel, options: LlamaModelOptions): void {
  if (library(options.engine).kind !== 'ik') return
  const memory = new Remembered<boolean>('soundness.json')
  const key = measurementKey(model.file, options)
  const known = memory.get(key)
  const isRight = known ?? isSound(sound(model))
  if (known === undefined) memory.set(key, isRight)
  if (!isRight)
    throw new OuroborosError(
      'E_ENGINE',
      `the engine ${options.engine} computes ${model.file} wrongly: passes over one token and over several disagree; use --engine llama`,
    )
}
