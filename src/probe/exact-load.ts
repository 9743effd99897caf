import { OuroborosError } from '../core/errors.ts'
import { library } from '../llama/library.ts'
import type { LlamaModel, LlamaModelOptions } from '../llama/model.ts'
import { type Exactness, probedContexts, probeExactness } from './exactness.ts'
import { MeasurementCache, measurementKey } from './measurement-cache.ts'

/** Probed at the first load of a file with these options on this machine, then remembered. `fresh`: probed in any case; `onProbe` is called before the probe, which takes some seconds. */
export function loadExactness(model: LlamaModel, options: LlamaModelOptions, fresh: boolean, onProbe: () => void): Exactness {
  const memory = new MeasurementCache<Exactness>('exactness.json')
  const key = `${measurementKey(model.file, options)} ${probedContexts(model.contextLength)}${model.sessions > 1 ? ' shared' : ''}`
  const remembered = fresh ? undefined : memory.get(key)
  if (remembered) return remembered
  onProbe()
  const probed = probeExactness(model)
  memory.set(key, probed)
  return probed
}

/** Throws E_EXACT, saying why, where passes of every shape do not compute plain decoding's bits. */
export function requireExact({ different }: Exactness, model: LlamaModel, { kernels: allowed = true }: LlamaModelOptions): void {
  if (different.length === 0) return
  const { kernels } = library()
  const stock = kernels.set ? 'this file, its options or a GPU need stock kernels' : `stock kernels are in use (${kernels.about})`
  const cause = allowed ? stock : 'kernels are switched off'
  throw new OuroborosError(
    'E_EXACT',
    `texts of ${model.file} may differ from plain decoding's here: ${different.join(', ')} gives other bits than single tokens, since ${cause}; ` +
      'use a file of type Q4_0, Q4_K, Q5_K, Q6_K, Q8_0, IQ4, F16 or BF16 on the CPU with flash attention, or leave out exact',
  )
}
