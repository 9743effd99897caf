import type { CostModel } from '../core/control/pass-costs.ts'
import type { Costs } from '../core/control/planner.ts'
import { omitUndefined } from '../core/omit-undefined.ts'
import { contextLengthOf } from '../llama/context-size.ts'
import { library } from '../llama/library.ts'
import { trainedContext } from '../llama/memory-need.ts'
import { LlamaModel, type LlamaModelOptions } from '../llama/model.ts'
import { checkPair } from '../llama/pairing.ts'
import { type Gguf, readGguf } from '../models/gguf.ts'
import { loadCosts, rememberCosts } from '../probe/cost-load.ts'
import { loadExactness, requireExact } from '../probe/exact-load.ts'
import type { Exactness } from '../probe/exactness.ts'
import { measurementKey } from '../probe/measurement-cache.ts'
import { availableMemory } from './available-memory.ts'
import { requireMemory } from './memory-check.ts'
import type { WorkerStart } from './protocol.ts'

/** What is being done with which file, and the part done (0..1). */
export type OnProgress = (phase: 'load' | 'calibrate' | 'probe', file: string, fraction: number) => void

/** The target and the draft model, loaded, checked and measured. */
export class LoadedModels {
  readonly target: LlamaModel
  readonly draft: LlamaModel | undefined
  /** Absent: not to be measured. */
  readonly costs: Costs | undefined
  readonly exactness: Exactness
  readonly settings: LlamaModelOptions
  #draftSettings: LlamaModelOptions = {}

  /** Throws as `load` does. */
  constructor({ target, draft, options }: WorkerStart, onProgress: OnProgress) {
    const {
      gpuLayers,
      draftGpuLayers,
      exact,
      memoryCheck,
      corpusFiles: _,
      chatTemplate: __,
      history: ___,
      calibrate = true,
      ...shared
    } = options
    // Both headers first: what can be refused is refused before gigabytes are read.
    const [targetFile, draftFile] = [readGguf(target), draft === null ? undefined : readGguf(draft)]
    if (memoryCheck !== false) checkMemory([targetFile, ...(draftFile ? [draftFile] : [])], options)
    const load = (gguf: Gguf, settings: LlamaModelOptions) =>
      LlamaModel.load(gguf, { ...settings, onProgress: (fraction) => onProgress('load', gguf.path, fraction) })
    this.settings = { ...shared, ...omitUndefined({ gpuLayers }) }
    this.target = load(targetFile, this.settings)
    try {
      const { contextLength } = this.target
      const draftLayers = draftGpuLayers !== undefined && { gpuLayers: draftGpuLayers }
      this.#draftSettings = { ...shared, contextLength, frequentTokens: true, ...draftLayers }
      this.draft = draftFile && load(draftFile, this.#draftSettings)
      if (this.draft) checkPair(this.target, this.draft)
      const fresh = calibrate === 'fresh'
      const costsOf = (model: LlamaModel, settings: LlamaModelOptions): CostModel =>
        loadCosts(model, settings, { fresh, onProgress: (fraction) => onProgress('calibrate', model.file, fraction) })
      if (calibrate)
        this.costs = {
          target: costsOf(this.target, this.settings),
          ...(this.draft && { draft: costsOf(this.draft, this.#draftSettings) }),
        }
      this.exactness = loadExactness(this.target, this.settings, fresh, () => onProgress('probe', target, 0))
      if (exact) requireExact(this.exactness, this.target, this.settings)
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** Names these files with these settings on this machine. */
  get key(): string {
    const keys = [measurementKey(this.target.file, this.settings)]
    if (this.draft) keys.push(measurementKey(this.draft.file, this.#draftSettings))
    return keys.join(' ')
  }

  /** Keeps the costs for the next process, as real passes have refined them. */
  rememberCosts(): void {
    if (this.costs) rememberCosts(this.target, this.settings, this.costs.target)
    if (this.draft && this.costs?.draft) rememberCosts(this.draft, this.#draftSettings, this.costs.draft)
  }

  close(): void {
    this.draft?.close()
    this.target.close()
  }
}

/** Throws E_MEMORY. A GPU has memory of its own, of which the library knows more. */
function checkMemory(models: readonly Gguf[], options: WorkerStart['options']): void {
  if (options.gpuLayers !== 0 && library(options.library).devices.some((device) => device.isGpu)) return
  const contextLength = contextLengthOf(options.contextLength, trainedContext(models[0] as Gguf))
  requireMemory(
    models.map((gguf) => ({ gguf, options: { ...options, contextLength } })),
    availableMemory(),
  )
}
