import { OuroborosError } from '../core/errors.ts'
import type { ExactLimits } from '../core/session.ts'
import { type Exactness, exactLimits, probeExactness } from './exactness.ts'
import { LlamaModel, type LlamaModelOptions } from './llama-model.ts'
import { measurementKey, Remembered } from './remembered.ts'

/** A target model as it was loaded; `limits` in exact mode. */
export interface LoadedTarget {
  readonly model: LlamaModel
  readonly options: LlamaModelOptions
  readonly limits?: ExactLimits
}

/**
 * Loads a model in the fastest way that computes the same bits in passes of every width: values cached as bf16 (then flash attention
 * has one path for all widths), weights repacked if that is equal too. Throws E_EXACT.
 */
export function loadExact(file: string, given: LlamaModelOptions): LoadedTarget {
  const memory = new Remembered<Exactness>('exactness.json')
  const base: LlamaModelOptions = { ...given, cacheTypeV: given.cacheTypeV ?? 'bf16' }
  const ways =
    given.repack === undefined
      ? [
          { ...base, repack: true },
          { ...base, repack: false },
        ]
      : [base]
  const tried: string[] = []
  for (const options of ways) {
    const known = memory.get(measurementKey(file, options))
    if (known && known.different.length > 0 && options.repack !== false && ways.length > 1) continue // the slower way is exact for any width
    const model = LlamaModel.load(file, options)
    try {
      const exactness = known ?? probeExactness(model, options !== ways.at(-1))
      if (!known) memory.set(measurementKey(file, options), exactness)
      const limits = exactLimits(exactness)
      if (limits && (exactness.different.length === 0 || options === ways.at(-1))) return { model, options, limits }
      tried.push(`${options.repack === false ? 'not repacked' : 'repacked'}: passes of ${exactness.different.join(', ')} tokens differ`)
    } catch (error) {
      model.close()
      throw error
    }
    model.close()
  }
  throw new OuroborosError(
    'E_EXACT',
    `${file} has no exact mode here, since no pass over several tokens computes the same bits as one-token passes (${tried.join('; ')}): use a Q8_0 or Q4_K_M file, flash attention on, or leave out exact`,
  )
}

/** Widths whose passes were found to compute the same bits as one-token passes; undefined: never probed. `fresh`: probed now. */
export function exactWidths(model: LlamaModel, options: LlamaModelOptions, fresh: boolean): readonly number[] | undefined {
  const memory = new Remembered<Exactness>('exactness.json')
  const key = measurementKey(model.file, options)
  const known = memory.get(key)
  if (known || !fresh) return known?.equal
  const probed = probeExactness(model)
  memory.set(key, probed)
  return probed.equal
}
