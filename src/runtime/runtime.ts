import { readFileSync } from 'node:fs'
import type { EngineFacts, ModelFacts } from '../api/types.ts'
import { CachedSequence } from '../core/cached-sequence.ts'
import { AcceptanceEstimate, DRAFT_PRIORS } from '../core/control/acceptance.ts'
import type { Costs } from '../core/control/cost-planner.ts'
import { PhraseChance } from '../core/control/phrase-chance.ts'
import { Prices } from '../core/control/prices.ts'
import { Scheduler } from '../core/decoding/scheduler.ts'
import { OuroborosError } from '../core/errors.ts'
import { History } from '../core/phrases/history.ts'
import { PhrasePool } from '../core/phrases/phrase-pool.ts'
import type { Token } from '../core/token.ts'
import { library } from '../llama/library.ts'
import { LlamaModel, type LlamaModelOptions } from '../llama/model.ts'
import { checkPair } from '../llama/pairing.ts'
import { loadCosts, rememberCosts } from '../probe/cost-load.ts'
import { loadExactness, requireExact } from '../probe/exact-load.ts'
import type { Exactness } from '../probe/exactness.ts'
import { type Learned, recallLearned, rememberLearned } from '../probe/learned-state.ts'
import { measurementKey } from '../probe/measurement-cache.ts'
import { chatTemplateOf, knowsTools } from '../text/chat-template.ts'
import type { SharedDrafting } from './drafter-factory.ts'
import { Grammars } from './grammars.ts'
import type { WorkerStart } from './protocol.ts'
import { type Slot, Slots } from './slots.ts'

/** The loaded models and everything that outlives a request. */
export class Runtime {
  readonly target: LlamaModel
  readonly draft: LlamaModel | undefined
  readonly slots: Slots
  readonly scheduler: Scheduler
  readonly grammars: Grammars
  /** Whether texts are plain decoding's to the byte. */
  readonly exact: boolean
  /** What drafters share between requests. */
  drafting: SharedDrafting
  /** The model's own, or the one that was given. */
  readonly chatTemplate: string | undefined
  readonly facts: EngineFacts
  readonly #corpus: readonly Token[][]
  #costs: Costs | undefined
  /** Between two processes: what cost control has learned. */
  #recall = () => {}
  #remember = () => {}

  /** Throws as `load` does. `onProgress`: what is being done with which file, and the part done (0..1). */
  constructor(start: WorkerStart, onProgress: (phase: 'load' | 'calibrate' | 'probe', file: string, fraction: number) => void) {
    const began = performance.now()
    const { gpuLayers, draftGpuLayers, exact, corpusFiles, calibrate = true, chatTemplate, ...shared } = start.options
    const given = chatTemplate === undefined ? undefined : chatTemplateOf(chatTemplate)
    const loading = (file: string) => (fraction: number) => onProgress('load', file, fraction)
    const options = { ...shared, ...(gpuLayers !== undefined && { gpuLayers }), onProgress: loading(start.target) }
    this.target = LlamaModel.load(start.target, options)
    let exactness: Exactness
    try {
      const draftOptions = {
        ...shared,
        contextLength: this.target.contextLength,
        frequentTokens: true,
        ...(draftGpuLayers !== undefined && { gpuLayers: draftGpuLayers }),
      }
      this.draft = start.draft ? LlamaModel.load(start.draft, { ...draftOptions, onProgress: loading(start.draft) }) : undefined
      if (this.draft) checkPair(this.target, this.draft)
      const costsOf = (model: LlamaModel, settings: LlamaModelOptions) =>
        loadCosts(model, settings, { fresh: calibrate === 'fresh', onProgress: (part) => onProgress('calibrate', model.file, part) })
      if (calibrate)
        this.#costs = { target: costsOf(this.target, options), ...(this.draft && { draft: costsOf(this.draft, draftOptions) }) }
      exactness = loadExactness(this.target, options, calibrate === 'fresh', () => onProgress('probe', start.target, 0))
      if (exact) requireExact(exactness, this.target, options)
      this.exact = exactness.different.length === 0
      const key = [measurementKey(start.target, options), ...(start.draft ? [measurementKey(start.draft, draftOptions)] : [])].join(' ')
      this.#recall = () => recallLearned(key, this.#learned)
      this.#remember = () => {
        rememberLearned(key, this.#learned)
        if (this.#costs) rememberCosts(this.target, options, this.#costs.target)
        if (this.draft && this.#costs?.draft) rememberCosts(this.draft, draftOptions, this.#costs.draft)
      }
    } catch (error) {
      this.close()
      throw error
    }
    this.chatTemplate = given ?? this.target.chatTemplate
    this.grammars = new Grammars(this.target.vocabulary)
    this.scheduler = new Scheduler(this.target, () => performance.now())
    this.#corpus = (corpusFiles ?? []).map((file) => this.target.vocabulary.tokenize(readCorpus(file), { bos: false }))
    this.drafting = this.#freshDrafting()
    if (this.#costs) this.#recall()
    this.slots = new Slots(Array.from({ length: start.options.sessions ?? 1 }, () => this.#openSlot()))
    const { version, devices, kernels } = library()
    this.facts = {
      library: `llama.cpp ${version}`,
      devices: devices.map((device) => `${device.name} (${device.description})`),
      contextLength: this.target.contextLength,
      sessions: this.slots.all.length,
      threads: this.target.threads,
      tools: knowsTools(this.chatTemplate),
      target: modelFacts(this.target),
      draft: this.draft ? modelFacts(this.draft) : null,
      loadMs: performance.now() - began,
      kernels: options.kernels === false ? { set: null, about: 'switched off' } : { set: kernels.set ?? null, about: kernels.about },
      exact: this.exact,
      different: exactness.different,
      costs: this.#costs ? { target: this.#costs.target.curve, draft: this.#costs.draft?.curve ?? null } : null,
    }
  }

  /** Forgets the phrases that requests have taught, not how often drafts are accepted; the corpus is known again. */
  forgetPhrases(): void {
    const { ouroboros, prices } = this.drafting
    const fresh = this.#freshDrafting()
    this.drafting = { ...fresh, ouroboros: { ...ouroboros, pool: fresh.ouroboros.pool }, prices }
    for (const slot of this.slots.all) slot.history = new History(this.drafting.ouroboros.pool)
  }

  get #learned(): Learned {
    const { ouroboros, prices } = this.drafting
    return { estimate: ouroboros.estimate, phraseChance: ouroboros.phraseChance, prices }
  }

  #openSlot(): Slot {
    const { draft } = this
    return {
      text: new CachedSequence(this.target.open()),
      draft: draft && new CachedSequence(draft.open(), () => this.scheduler.promptChunk(draft)),
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
      },
      ...(this.#costs && { costs: this.#costs }),
      prices: new Prices(),
      paperPools: new Map(),
      endTokens: this.target.vocabulary.endTokens,
    }
  }

  close(): void {
    if (this.#costs && this.drafting) this.#remember()
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
