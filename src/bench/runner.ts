import type { ChatMessage } from '../api/chat.ts'
import type { Engine } from '../api/types.ts'
import { measure } from './measure.ts'
import { type BenchMethod, type Tuned, VANILLA } from './method.ts'
import type { PromptSet } from './prompts.ts'
import { runRound } from './round.ts'
import type { Sample } from './sample.ts'
import type { Task } from './task.ts'
import { DRAFT_LENGTHS, TUNING_PROMPTS, TUNING_TOKENS, tune } from './tune.ts'
import type { Contender } from './turn.ts'

/** What to measure on every target. */
export interface Plan {
  readonly tasks: readonly { readonly task: Task; readonly prompts: PromptSet }[]
  /** Plain decoding is among them. */
  readonly methods: readonly BenchMethod[]
  readonly maxTokens: number
  readonly temperature: number
  readonly seed: number
  readonly repeat: number
  /** Tokens of other prompts in a system message before each one, the same for all: they are read once and stay in the cache. */
  readonly context: number
  /** Draft length of plain speculation and of the ablation; absent: tuned per task, and the ablation's own. */
  readonly draftLength?: number
}

/** What a run reports while it goes on. */
export interface Observer {
  /** One prompt has been written by all methods of a round. */
  prompt(samples: readonly Sample[]): void
  /** Something to know about the figures, e.g. what was tuned. */
  note(line: string): void
}

const WARM_UP = 'Count from one to twenty in words.'

/** Measures the plan's methods on one loaded target. Rejects with the signal's reason when aborted: what was observed stays valid. */
export async function runTarget(engine: Engine, target: string, plan: Plan, observer: Observer, signal: AbortSignal): Promise<void> {
  const runner = new TargetRunner(engine, target, plan, observer, signal)
  await runner.warmUp()
  for (const { task, prompts } of plan.tasks) await runner.run(task, prompts)
}

class TargetRunner {
  readonly #engine: Engine
  readonly #target: string
  readonly #plan: Plan
  readonly #observer: Observer
  readonly #signal: AbortSignal
  #before = ''

  constructor(engine: Engine, target: string, plan: Plan, observer: Observer, signal: AbortSignal) {
    this.#engine = engine
    this.#target = target
    this.#plan = plan
    this.#observer = observer
    this.#signal = signal
  }

  /** First runs pay for memory that is touched for the first time. */
  async warmUp(): Promise<void> {
    const [first] = this.#plan.tasks
    if (!first) return
    for (const method of this.#plan.methods) await this.#contender(method, first.task, {}, 8).run([{ role: 'user', content: WARM_UP }])
  }

  async run(task: Task, prompts: PromptSet): Promise<void> {
    const { methods, repeat } = this.#plan
    this.#before = await this.#document(prompts.others)
    const tuned = await this.#tune(task, prompts.others)
    const contender = (method: BenchMethod) => this.#contender(method, task, tuned, this.#plan.maxTokens)
    const round = { target: this.#target, task: task.name, questions: prompts.measured, repeat, plain: contender(VANILLA) }
    const onPrompt = (samples: readonly Sample[]) => this.#observer.prompt(samples)

    const cold = methods.filter((method) => method !== VANILLA && method.pool !== 'warm')
    const warm = methods.filter((method) => method.pool === 'warm')
    if (cold.length > 0 || warm.length === 0) await runRound({ ...round, others: cold.map(contender) }, onPrompt)
    // Cold runs would empty a warm pool, and another warm method would fill it: each has a round with plain runs of its own.
    for (const method of warm)
      await runRound({ ...round, others: [contender(method)], begin: () => this.#engine.forgetPhrases() }, onPrompt)
  }

  /** As many of these prompts, over and over, as make the plan's context. */
  async #document(prompts: readonly string[]): Promise<string> {
    const tokens: number[] = []
    for (let i = 0; tokens.length < this.#plan.context && prompts.length > 0; i++)
      tokens.push(...(await this.#engine.tokenize(`${prompts[i % prompts.length]}\n\n`)))
    return await this.#engine.detokenize(tokens.slice(0, this.#plan.context))
  }

  /** Tokens in front of a conversation's last message: what is cached when it is asked for the first time. */
  async #tokensBefore(messages: readonly ChatMessage[]): Promise<number> {
    const others = [...messages.slice(0, -1), { role: 'user' as const, content: WARM_UP }]
    const [mine, other] = await Promise.all([messages, others].map((each) => this.#engine.render({ messages: each })))
    const until = mine?.tokens.findIndex((token, i) => token !== other?.tokens[i]) ?? 0
    return until < 0 ? 0 : until
  }

  async #tune(task: Task, others: readonly string[]): Promise<Tuned> {
    if (this.#plan.draftLength !== undefined) return { draftLength: this.#plan.draftLength }
    const speculative = this.#plan.methods.find(({ name }) => name === 'speculative')
    if (!speculative) return {}
    const prompts = others.slice(0, TUNING_PROMPTS)
    const maxTokens = Math.min(TUNING_TOKENS, this.#plan.maxTokens)
    const draftLength = await tune(DRAFT_LENGTHS, prompts, (candidate, prompt) =>
      this.#contender(speculative, task, { draftLength: candidate }, maxTokens).run([{ role: 'user', content: prompt }]),
    )
    const name = `${this.#target}, ${task.name}`
    if (draftLength === undefined) {
      this.#observer.note(`${name}: speculative is not tuned, the file has no prompts beyond those measured`)
      return {}
    }
    this.#observer.note(
      `${name}: speculative drafts ${draftLength} tokens (of ${DRAFT_LENGTHS.join(', ')}; tuned on other prompts: ${prompts.length})`,
    )
    return { draftLength }
  }

  #contender(method: BenchMethod, task: Task, tuned: Tuned, maxTokens: number): Contender {
    const { temperature, seed } = this.#plan
    const request = { ...method.request(task, tuned), maxTokens, temperature, seed }
    return {
      name: method.name,
      once: method.pool === 'warm',
      run: async (conversation) => {
        if (method.pool === 'cold') await this.#engine.forgetPhrases()
        const before: ChatMessage[] = this.#before === '' ? [] : [{ role: 'system', content: this.#before }]
        const messages = [...before, ...conversation]
        // Where another turn has answered the same, nothing of it is left: the draft model reads the prompt in each.
        const fresh = method === VANILLA ? {} : { maxCachedTokens: await this.#tokensBefore(messages) }
        return await measure(this.#engine, { ...request, ...fresh, messages }, this.#signal)
      },
    }
  }
}
