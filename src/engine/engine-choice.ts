import { TokenTree } from '../core/token-tree.ts'
import { library } from './library.ts'
import { LlamaModel, type LlamaModelOptions } from './llama-model.ts'
import { installedEngines } from './platform.ts'
import { measurementKey, Remembered } from './remembered.ts'
import { isSound, type Sounding, sound } from './soundness.ts'

/** Widths of a plain step and of usual verifications; the shares of a token's cost that they stand for. */
const WIDTHS = [1, 4, 8]
const ROUNDS = 3
const CONTEXT = 16

/**
 * The engine that computes this file's passes fastest on this machine, measured once (a load and a second each) and remembered; an engine
 * that cannot load the file, or computes it wrongly, is left out. A GPU decides for `llama`. Absence of the others is no error.
 */
export function chooseEngine(file: string, options: LlamaModelOptions): string {
  const [first = 'llama', ...others] = installedEngines()
  if (others.length === 0) return first
  if (options.gpuLayers !== 0 && library('llama').devices.some((device) => device.isGpu)) return 'llama'
  const memory = new Remembered<string>('engines.json')
  const candidates = [first, ...others].filter((engine) => measurable(file, options, engine))
  const key = candidates.map((engine) => measurementKey(file, { ...options, engine })).join(' ')
  const known = memory.get(key)
  if (known && candidates.includes(known)) return known
  let best = 'llama'
  let least = Number.POSITIVE_INFINITY
  let reference: Sounding | undefined
  for (const engine of candidates) {
    const tried = measure(file, { ...options, engine, sessions: 1 })
    if (!tried) continue
    const { seconds, sounding } = tried
    if (engine === 'llama') reference = sounding
    if (seconds >= least || !isSound(sounding, reference)) continue
    best = engine
    least = seconds
  }
  memory.set(key, best)
  return best
}

function measurable(file: string, options: LlamaModelOptions, engine: string): boolean {
  try {
    return measurementKey(file, { ...options, engine }) !== ''
  } catch {
    return false // a library that cannot be loaded
  }
}

/** Mean seconds of a token over passes of these widths, at their best, and what the engine makes of a text; undefined if it cannot load the file. */
function measure(file: string, options: LlamaModelOptions): { seconds: number; sounding: Sounding } | undefined {
  let model: LlamaModel | undefined
  try {
    model = LlamaModel.load(file, options)
    const cache = model.open()
    const run = (count: number): number => {
      const began = performance.now()
      model?.forward([{ cache, tree: TokenTree.chain(Array.from({ length: count }, (_, i) => i + 1)) }])
      return (performance.now() - began) / 1000
    }
    run(CONTEXT)
    const times = WIDTHS.map((width) => {
      const all = Array.from({ length: ROUNDS }, () => {
        cache.rollback(0)
        return run(width)
      })
      return Math.min(...all) / Math.sqrt(width)
    })
    cache.close()
    return { seconds: times.reduce((sum, time) => sum + time, 0), sounding: sound(model) }
  } catch {
    return undefined
  } finally {
    model?.close()
  }
}
