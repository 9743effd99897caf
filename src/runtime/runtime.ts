import { readFileSync } from 'node:fs'
import type { EngineFacts } from '../api/types.ts'
import { CachedSequence } from '../core/cached-sequence.ts'
import { AcceptanceModel } from '../core/control/acceptance.ts'
import { CONTROL } from '../core/control/constants.ts'
import { LossBudget, TokenCost } from '../core/control/token-cost.ts'
import { Scheduler } from '../core/decoding/scheduler.ts'
import { OuroborosError } from '../core/errors.ts'
import { History } from '../core/phrases/history.ts'
import type { LlamaModel } from '../llama/model.ts'
import { assumedCosts } from '../probe/cost-load.ts'
import { type Learned, recallLearned, rememberLearned } from '../probe/learned-state.ts'
import { chatTemplateOf, knowsTools } from '../text/chat-template.ts'
import { mendedTemplate } from '../text/mended-template.ts'
import type { SharedDrafting } from './drafter-factory.ts'
import { engineFacts } from './engine-facts.ts'
import { Grammars } from './grammars.ts'
import { LoadedModels, type OnProgress } from './loaded-models.ts'
import { openPhrases, type PhrasePools } from './phrase-pools.ts'
import type { WorkerStart } from './protocol.ts'
import { type Slot, Slots } from './slots.ts'

/** The loaded models and everything that outlives a request. */
export class Runtime {
  readonly target: LlamaModel
  readonly draft: LlamaModel | undefined
  readonly slots: Slots
  /** What requests have taught. */
  readonly phrases: PhrasePools
  readonly scheduler: Scheduler
  readonly grammars: Grammars
  /** What drafters share between requests. */
  drafting: SharedDrafting
  /** The model's own, or the one that was given. */
  readonly chatTemplate: string | undefined
  readonly facts: EngineFacts
  readonly #models: LoadedModels

  /** Throws as `load` does. */
  constructor(start: WorkerStart, onProgress: OnProgress, onWarning: (line: string) => void) {
    const began = performance.now()
    const { corpusFiles = [], chatTemplate, history, sessions = 1 } = start.options
    // What can be refused without the models is refused before they are read.
    const given = chatTemplate === undefined ? undefined : chatTemplateOf(chatTemplate)
    const corpus = corpusFiles.map(readCorpus)
    this.#models = new LoadedModels(start, onProgress)
    const { target, draft, costs } = this.#models
    this.target = target
    this.draft = draft
    if ((start.options.contextLength ?? 0) > target.contextLength)
      onWarning(
        `a context of ${start.options.contextLength} tokens was asked for; the model was trained for ${target.trainedContext}, so it is ${target.contextLength}`,
      )
    this.chatTemplate = given ?? mendedTemplate(target.chatTemplate)
    this.grammars = new Grammars(target.vocabulary)
    this.scheduler = new Scheduler(target, () => performance.now())
    const texts = corpus.map((text) => target.vocabulary.tokenize(text, { bos: false }))
    this.phrases = openPhrases(target.vocabulary, history, texts, onWarning)
    this.drafting = this.#freshDrafting()
    if (costs) recallLearned(this.#models.key, this.#learned)
    this.slots = new Slots(Array.from({ length: sessions }, () => this.#openSlot()))
    const loadMs = performance.now() - began
    this.facts = engineFacts(this.#models, { sessions, tools: knowsTools(this.chatTemplate), loadMs })
  }

  get #learned(): Learned {
    const { ouroboros, tokenCost, lossBudget } = this.drafting
    const { draftAcceptance, phraseAcceptance } = ouroboros
    return { draftAcceptance, phraseAcceptance, tokenCost, lossBudget }
  }

  #openSlot(): Slot {
    const { draft } = this
    return {
      text: new CachedSequence(this.target.open()),
      draft: draft && new CachedSequence(draft.open(), () => this.scheduler.promptChunk(draft)),
      history: new History(this.phrases.of().pool),
    }
  }

  #freshDrafting(): SharedDrafting {
    return {
      ouroboros: {
        draftAcceptance: new AcceptanceModel(CONTROL.draftWeights),
        phraseAcceptance: new AcceptanceModel(CONTROL.phraseWeights),
      },
      costs: this.#models.costs ?? assumedCosts(this.draft !== undefined),
      tokenCost: new TokenCost(),
      lossBudget: new LossBudget(),
      endTokens: this.target.vocabulary.endTokens,
    }
  }

  close(): void {
    if (this.#models.costs) {
      rememberLearned(this.#models.key, this.#learned)
      this.#models.rememberCosts()
    }
    this.#models.close()
  }
}

function readCorpus(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new OuroborosError('E_FILE', `cannot read the phrases of ${file}: ${(cause as Error).message}`, { cause })
  }
}
