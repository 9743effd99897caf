import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { dirname, join } from 'node:path'
import { OuroborosError } from '../core/errors.ts'
import type { ExactLimits } from '../core/session.ts'
import { homeFolder } from '../models/home.ts'
import { type Exactness, exactLimits, probeExactness } from './exactness.ts'
import { library } from './library.ts'
import { LlamaModel, type LlamaModelOptions } from './llama-model.ts'

/** A target model as it was loaded; `limits` in exact mode. */
export interface LoadedTarget {
  readonly model: LlamaModel
  readonly options: LlamaModelOptions
  readonly limits?: ExactLimits
}

/**
 * Loads a model in the fastest way that computes the same bits in passes of every width: on llama.cpp values cached as bf16 (then
 * flash attention has one path for all widths), on ik_llama.cpp no flash attention, weights repacked if that is equal too. Throws E_EXACT.
 */
export function loadExact(file: string, given: LlamaModelOptions): LoadedTarget {
  const base: LlamaModelOptions = { ...given, cacheTypeV: given.cacheTypeV ?? (library(given.engine).kind === 'ik' ? 'f16' : 'bf16') }
  const ways =
    given.repack === undefined
      ? [
          { ...base, repack: true },
          { ...base, repack: false },
        ]
      : [base]
  const tried: string[] = []
  for (const options of ways) {
    const known = recall(file, options)
    if (known && known.different.length > 0 && options.repack !== false && ways.length > 1) continue // the slower way is exact for any width
    const model = LlamaModel.load(file, options)
    try {
      const exactness = known ?? probeExactness(model, options !== ways.at(-1))
      if (!known) remember(file, options, exactness)
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

/** What the bits depend on. */
function key(file: string, options: LlamaModelOptions): string {
  const { size, mtimeMs } = statSync(file)
  const { onProgress: _, ...settings } = options
  return JSON.stringify([1, library(options.engine).version, cpus()[0]?.model, file, size, mtimeMs, settings])
}

function memory(): string {
  return join(homeFolder(), 'exactness.json')
}

function recallAll(): Record<string, Exactness> {
  try {
    return JSON.parse(readFileSync(memory(), 'utf8'))
  } catch {
    return {} // absent or damaged: measured again
  }
}

function recall(file: string, options: LlamaModelOptions): Exactness | undefined {
  return recallAll()[key(file, options)]
}

/** Best effort: without it the next load measures again. */
function remember(file: string, options: LlamaModelOptions, exactness: Exactness): void {
  try {
    mkdirSync(dirname(memory()), { recursive: true })
    const temporary = `${memory()}.${process.pid}`
    writeFileSync(temporary, JSON.stringify({ ...recallAll(), [key(file, options)]: exactness }, null, 1))
    renameSync(temporary, memory())
  } catch {
    // an unwritable cache folder costs seconds, not correctness
  }
}
