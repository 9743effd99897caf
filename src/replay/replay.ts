import type { Method } from '../api/methods.ts'
import type { Hardware } from '../bench/hardware.ts'
import { CachedSequence } from '../core/cached-sequence.ts'
import { AcceptanceModel } from '../core/control/acceptance.ts'
import { CONTROL } from '../core/control/constants.ts'
import { CostModel } from '../core/control/pass-costs.ts'
import { LossBudget, TokenCost } from '../core/control/token-cost.ts'
import { Scheduler } from '../core/decoding/scheduler.ts'
import { Session } from '../core/decoding/session.ts'
import { History } from '../core/phrases/history.ts'
import { PhrasePool } from '../core/phrases/phrase-pool.ts'
import { Sampler } from '../core/sampling/sampler.ts'
import type { Statistics } from '../core/stats.ts'
import { createDrafter, ownParts, type SharedDrafting } from '../runtime/drafter-factory.ts'
import { TenantPhrases } from '../runtime/tenant-phrases.ts'
import { draftAnswer, RecordedModel, targetAnswer } from './recorded-model.ts'
import type { RecordedText, Recording } from './recording.ts'

/** One answer, or several at once, in simulated seconds. */
export interface Replayed {
  readonly seconds: number
  readonly statistics: readonly Statistics[]
  /** Rows that were not on record ÷ rows of the draft model that were read. */
  readonly unknown: number
}

/** Phrases of some answers: small pools are made faster. */
const POOL_BYTES = 4 * 2 ** 20

/** Replays recorded answers with the real drafters, scheduler and cost control; only the models' answers and the time are recorded ones. */
export class Replay {
  readonly #recording: Recording
  readonly #hardware: Hardware
  readonly #poolBytes: number
  #drafting: SharedDrafting
  #phrases: TenantPhrases

  constructor(recording: Recording, hardware: Hardware, poolBytes = POOL_BYTES) {
    this.#recording = recording
    this.#hardware = hardware
    this.#poolBytes = poolBytes
    this.#phrases = freshPhrases(poolBytes)
    this.#drafting = this.#fresh()
  }

  /** As after the installation: nothing is learned. */
  forget(): void {
    this.#drafting = this.#fresh()
    this.#phrases = freshPhrases(this.#poolBytes)
  }

  /** What was learned stays, but no phrases. */
  forgetPhrases(): void {
    this.#phrases = freshPhrases(this.#poolBytes)
  }

  /** The pool knows these texts as if they had been requests; cost control does not learn. */
  teach(texts: readonly RecordedText[]): void {
    for (const { prompt, answer } of texts) {
      const text = [...prompt, ...answer]
      this.#phrases.pool.learn(text, 0, prompt.length, 'prompt')
      this.#phrases.pool.learn(text, prompt.length, text.length, 'history')
    }
  }

  /** Writes these answers, so many at once, each in a session of its own. */
  async run(texts: readonly RecordedText[], method: Method, atOnce = 1): Promise<Replayed> {
    const { target: targetCurve, draft: draftCurve } = this.#hardware
    let seconds = 0
    const costs = { target: new CostModel(targetCurve), draft: draftCurve && new CostModel(draftCurve) }
    const pass = (model: CostModel | null) => (tokens: number, context: number) => {
      seconds += model?.seconds(tokens, context) ?? 0
    }
    const target = new RecordedModel(targetAnswer, pass(costs.target))
    const draft = new RecordedModel(draftAnswer, pass(costs.draft))
    const scheduler = new Scheduler(target, () => seconds * 1000)
    const statistics: Statistics[] = []

    const write = async (text: RecordedText): Promise<void> => {
      const seat = scheduler.join()
      const shared = this.#drafting
      const own = ownParts(shared)
      const phrases = this.#phrases
      const { pool } = phrases
      const history = new History(pool)
      const session = new Session(
        {
          target: new CachedSequence(target.openText(text)),
          drafter: createDrafter(
            method,
            {},
            {
              ...shared,
              draft: costs.draft ? new CachedSequence(draft.openText(text), () => scheduler.promptChunk(draft)) : undefined,
              phrases,
              ouroboros: { ...shared.ouroboros, pool, history, ...own },
            },
          ),
          sampler: new Sampler(),
          endTokens: shared.endTokens,
          maxTokens: text.answer.length,
          promptChunk: () => scheduler.promptChunk(target),
          load: seat,
        },
        text.prompt,
      )
      while (!(await seat.run(session.step()))?.finish) {}
      own.planner.close()
      seat.leave()
      if (session.prefix.slice(text.prompt.length).some((token, i) => token !== text.answer[i])) throw new Error('the text has changed')
      statistics.push(session.statistics)
    }
    const queue = [...texts]
    const one = async (): Promise<void> => {
      for (let text = queue.shift(); text; text = queue.shift()) await write(text)
    }
    let isRunning = true
    const all = Promise.all(Array.from({ length: atOnce }, one)).finally(() => {
      isRunning = false
    })
    while (isRunning) {
      scheduler.turn()
      await new Promise((resolve) => setImmediate(resolve))
    }
    await all
    return { seconds, statistics, unknown: draft.rows.read === 0 ? 0 : draft.rows.unknown / draft.rows.read }
  }

  /** Seconds of reading the prompt alone, which no method saves. */
  promptSeconds({ prompt }: RecordedText): number {
    return new CostModel(this.#hardware.target).seconds(prompt.length, 0)
  }

  #fresh(): SharedDrafting {
    const { target, draft } = this.#hardware
    return {
      ouroboros: {
        draftAcceptance: new AcceptanceModel(CONTROL.draftWeights),
        phraseAcceptance: new AcceptanceModel(CONTROL.phraseWeights),
      },
      costs: { target: new CostModel(target), ...(draft && { draft: new CostModel(draft) }) },
      tokenCost: new TokenCost(),
      lossBudget: new LossBudget(),
      endTokens: new Set(this.#recording.endTokens),
    }
  }
}

function freshPhrases(capacityBytes: number): TenantPhrases {
  return new TenantPhrases(new PhrasePool({ capacityBytes }))
}
