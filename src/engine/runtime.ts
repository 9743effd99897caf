import { ACCEPTANCE_PRIORS, AcceptanceEstimate } from '../core/acceptance-estimate.ts'
import { CachedText } from '../core/cached-text.ts'
import { History } from '../core/history.ts'
import { PhrasePool } from '../core/phrase-pool.ts'
import { ThresholdPlanner } from '../core/planner.ts'
import type { EngineFacts, ModelFacts } from './api.ts'
import type { DraftingState } from './drafter-factory.ts'
import { library } from './library.ts'
import { LlamaModel } from './llama-model.ts'
import { checkPair } from './pairing.ts'
import type { WorkerStart } from './protocol.ts'

/** The loaded models and everything that outlives a request. */
export class Runtime {
  readonly target: LlamaModel
  readonly draft: LlamaModel | undefined
  readonly text: CachedText
  readonly drafting: DraftingState
  readonly facts: EngineFacts

  constructor(start: WorkerStart, onProgress: (file: string, fraction: number) => void) {
    const began = performance.now()
    const { gpuLayers, draftGpuLayers, ...shared } = start.options
    this.target = LlamaModel.load(start.target, {
      ...shared,
      ...(gpuLayers !== undefined && { gpuLayers }),
      onProgress: (fraction) => onProgress(start.target, fraction),
    })
    try {
      this.draft = start.draft
        ? LlamaModel.load(start.draft, {
            ...shared,
            contextLength: this.target.contextLength,
            ...(draftGpuLayers !== undefined && { gpuLayers: draftGpuLayers }),
            onProgress: (fraction) => onProgress(start.draft as string, fraction),
          })
        : undefined
      if (this.draft) checkPair(this.target, this.draft)
    } catch (error) {
      this.close()
      throw error
    }
    this.text = new CachedText(this.target.open())
    const pool = new PhrasePool()
    this.drafting = {
      draft: this.draft && new CachedText(this.draft.open()),
      ouroboros: { pool, history: new History(pool), estimate: new AcceptanceEstimate(ACCEPTANCE_PRIORS), planner: new ThresholdPlanner() },
      paperPools: new Map(),
      endTokens: this.target.vocabulary.endTokens,
    }
    const { version, devices } = library()
    this.facts = {
      library: `llama.cpp ${version}`,
      devices: devices.map((device) => `${device.name} (${device.description})`),
      contextLength: this.target.contextLength,
      threads: this.target.threads,
      target: modelFacts(this.target),
      draft: this.draft ? modelFacts(this.draft) : null,
      loadMs: performance.now() - began,
    }
  }

  /** Milliseconds inside the native library's passes so far. */
  get engineMs(): number {
    return this.target.decodeMs + (this.draft?.decodeMs ?? 0)
  }

  close(): void {
    this.draft?.close()
    this.target.close()
  }
}

function modelFacts(model: LlamaModel): ModelFacts {
  const { file, description, parameters, bytes, vocabSize, trainedContext } = model
  return { file, description, parameters, bytes, vocabSize, trainedContext }
}
