import { readFileSync } from 'node:fs'
import { AcceptanceEstimate, DRAFT_PRIORS } from '../core/acceptance-estimate.ts'
import { CachedText } from '../core/cached-text.ts'
import { OuroborosError } from '../core/errors.ts'
import { History } from '../core/history.ts'
import { PhraseChance } from '../core/phrase-chance.ts'
import { PhrasePool } from '../core/phrase-pool.ts'
import { ThresholdPlanner } from '../core/planner.ts'
import { Scheduler } from '../core/scheduler.ts'
import type { ExactLimits } from '../core/session.ts'
import type { Token } from '../core/token.ts'
import type { EngineFacts, ModelFacts } from './api.ts'
import { knowsTools } from './chat-template.ts'
import type { SharedDrafting } from './drafter-factory.ts'
import { type LoadedTarget, loadExact } from './exact-load.ts'
import { library } from './library.ts'
import { LlamaModel } from './llama-model.ts'
import { checkPair } from './pairing.ts'
import type { WorkerStart } from './protocol.ts'
import { type Slot, Slots } from './slots.ts'

/** The loaded models and everything that outlives a request. */
export class Runtime {
  readonly target: LlamaModel
  readonly draft: LlamaModel | undefined
  readonly slots: Slots
  readonly scheduler: Scheduler
  /** In exact mode: what a session may send. */
  readonly exact: ExactLimits | undefined
  /** What drafters share between requests. */
  drafting: SharedDrafting
  readonly facts: EngineFacts
  readonly #corpus: readonly Token[][]

  constructor(start: WorkerStart, onProgress: (file: string, fraction: number) => void) {
    const began = performance.now()
    const { gpuLayers, draftGpuLayers, exact, phrasesFrom, ...shared } = start.options
    const options = {
      ...shared,
      ...(gpuLayers !== undefined && { gpuLayers }),
      onProgress: (fraction: number) => onProgress(start.target, fraction),
    }
    const target: LoadedTarget = exact ? loadExact(start.target, options) : { model: LlamaModel.load(start.target, options), options }
    this.target = target.model
    try {
      this.exact = target.limits
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
    this.scheduler = new Scheduler(this.target, () => performance.now())
    this.#corpus = (phrasesFrom ?? []).map((file) => this.target.vocabulary.tokenize(readCorpus(file), { bos: false }))
    this.drafting = this.#freshDrafting()
    this.slots = new Slots(Array.from({ length: start.options.sessions ?? 1 }, () => this.#openSlot()))
    const { version, devices } = library()
    this.facts = {
      engine: 'llama',
      library: `llama.cpp ${version}`,
      devices: devices.map((device) => `${device.name} (${device.description})`),
      contextLength: this.target.contextLength,
      sessions: this.slots.all.length,
      threads: this.target.threads,
      tools: knowsTools(this.target),
      target: modelFacts(this.target),
      draft: this.draft ? modelFacts(this.draft) : null,
      loadMs: performance.now() - began,
      exactWidth: this.exact?.width ?? null,
      cacheTypeV: target.options.cacheTypeV ?? 'f16',
      repack: target.options.repack ?? true,
      costs: null,
    }
  }

  /** Forgets what requests have taught; the corpus is known again. */
  forgetPhrases(): void {
    this.drafting = this.#freshDrafting()
    for (const slot of this.slots.all) slot.history = new History(this.drafting.ouroboros.pool)
  }

  #openSlot(): Slot {
    const { draft } = this
    return {
      text: new CachedText(this.target.open()),
      draft: draft && new CachedText(draft.open(), () => this.scheduler.promptChunk(draft)),
      history: new History(this.drafting.ouroboros.pool),
    }
  }

  #freshDrafting(): SharedDrafting {
    const pool = new PhrasePool()
    for (const text of this.#corpus) pool.learn(text, 0, text.length, 'corpus')
    return {
      ouroboros: {
        pool,
        estimate: new AcceptanceEstimate(DRAFT_PRIORS),
        phraseChance: new PhraseChance(),
        planner: new ThresholdPlanner(),
      },
      paperPools: new Map(),
      endTokens: this.target.vocabulary.endTokens,
    }
  }

  close(): void {
    this.draft?.close()
    this.target.close()
  }
}

function readCorpus(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new OuroborosError('E_FILE', `cannot read the phrases of ${file}: ${(cause as Error).message}`, { cause })
  }
}

function modelFacts(model: LlamaModel): ModelFacts {
  const { file, description, parameters, bytes, vocabSize, trainedContext } = model
  return { file, description, parameters, bytes, vocabSize, trainedContext }
}
