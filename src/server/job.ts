import { setMaxListeners } from 'node:events'
import { checkPromptLength } from '../api/prompt-length.ts'
import type { GenerateRequest, Generation, GenerationResult, GenerationStep, Started } from '../api/types.ts'
import { omitUndefined } from '../core/omit-undefined.ts'
import type { Client } from './admission.ts'
import { ApiError } from './openai-error.ts'
import type { Serving } from './serving.ts'

/** What happens to one choice: it grows, or it is done. */
export type JobEvent =
  | { readonly index: number; readonly step: GenerationStep; readonly result?: never }
  | { readonly index: number; readonly result: GenerationResult; readonly step?: never }

/** Who asks, and the signal of the connection's end. */
export interface Caller {
  readonly id: string
  readonly client: Client
  readonly signal: AbortSignal
}

/** All generations behind one HTTP request: admitted together, given up together. */
export class Job {
  readonly results: GenerationResult[] = []
  /** Of the first answer; undefined: given up before. */
  readonly started: Started | undefined
  readonly #serving: Serving
  readonly #generations: readonly Generation[]
  readonly #caller: Caller
  readonly #controller: AbortController
  readonly #began: number
  readonly #end: () => void
  #isFirst = true

  /** Waits until the first choice has a slot and its prompt is known to be legal; the others may still wait for theirs. Throws a refusal. */
  static async start(serving: Serving, requests: readonly GenerateRequest[], caller: Caller): Promise<Job> {
    const { limits, engine } = serving
    checkCount(requests.length, serving)
    checkLength(requests, engine.facts.contextLength)
    const leave = serving.admission.enter(caller.client, requests.length)
    const controller = new AbortController()
    setMaxListeners(0, controller.signal) // one for each choice
    const { signal } = controller
    const began = performance.now()
    const abort = () => controller.abort()
    const sources = [caller.signal, serving.cut.signal]
    for (const source of sources) source.addEventListener('abort', abort)
    if (sources.some((source) => source.aborted)) abort()
    let timer = setTimeout(abort, limits.queueMs)
    const end = () => {
      clearTimeout(timer)
      for (const source of sources) source.removeEventListener('abort', abort)
      abort()
      leave()
    }
    try {
      const tenant = serving.tenantOf(caller.client)
      const generations = requests.map((request) => engine.generate({ ...request, ...omitUndefined({ tenant }), signal }))
      const started = await checkedStart(generations[0] as Generation, limits.promptTokens)
      if (signal.aborted && !sources.some((source) => source.aborted))
        throw new ApiError(429, `no slot was free for ${limits.queueMs / 1000} s: try again later`, {
          code: 'queue_timeout',
          retryAfter: 10,
        })
      clearTimeout(timer)
      timer = setTimeout(abort, limits.answerMs)
      serving.metrics.queued((performance.now() - began) / 1000)
      return new Job(serving, generations, caller, { controller, began, end, started })
    } catch (error) {
      end()
      throw error
    }
  }

  private constructor(
    serving: Serving,
    generations: readonly Generation[],
    caller: Caller,
    { controller, began, end, started }: { controller: AbortController; began: number; end: () => void; started: Started | undefined },
  ) {
    this.started = started
    this.#serving = serving
    this.#generations = generations
    this.#caller = caller
    this.#controller = controller
    this.#began = began
    this.#end = end
  }

  /** Everything that happens, in order; leaving the loop gives the job up. */
  async *events(): AsyncGenerator<JobEvent, void, undefined> {
    const sources = this.#generations.map((generation, index) => eventsOf(generation, index, this.#serving.limits.promptTokens))
    const waiting = new Map(sources.map((source, index) => [index, next(source, index)]))
    try {
      while (waiting.size > 0) {
        const { index, event } = await Promise.race(waiting.values())
        if (event === undefined) {
          waiting.delete(index)
          continue
        }
        waiting.set(index, next(sources[index] as AsyncGenerator<JobEvent>, index))
        this.#count(event)
        yield event
      }
    } finally {
      for (const one of waiting.values()) one.catch(() => {})
      this.#end()
    }
  }

  /** Gives up what still runs. */
  close(): void {
    this.#controller.abort()
    this.#end()
  }

  #count({ index, step, result }: JobEvent): void {
    const { metrics, log, options } = this.#serving
    const seconds = (performance.now() - this.#began) / 1000
    if (step?.text && this.#isFirst) {
      this.#isFirst = false
      metrics.firstText(seconds)
    }
    if (!result) return
    this.results[index] = result
    metrics.answered(result, seconds)
    const { usage, statistics, finishReason, method } = result
    log.info(
      {
        id: this.#caller.id,
        client: this.#caller.client,
        method,
        finish: finishReason,
        prompt_n: usage.promptTokens,
        cache_n: usage.cachedTokens,
        predicted_n: usage.completionTokens,
        draft_n: statistics.draftTokens,
        draft_n_accepted: statistics.acceptedTokens,
        seconds,
        ...(options.logPrompts && { text: result.text }),
      },
      'answer',
    )
  }
}

/** Throws a refusal where the prompt is longer than the server allows. */
async function checkedStart(generation: Generation, most: number): Promise<Started | undefined> {
  const started = await generation.started
  const promptTokens = started?.promptTokens ?? 0
  if (promptTokens > most)
    throw new ApiError(413, `the prompt has ${promptTokens} tokens, at most ${most} are allowed`, { code: 'prompt_too_long' })
  return started
}

/** Throws a refusal where so many answers at once are never allowed: trying again would not help. */
function checkCount(answers: number, { engine, limits }: Serving): void {
  const most = Math.min(engine.facts.sessions + limits.queued, limits.perKey)
  if (answers > most)
    throw new ApiError(400, `n: ${answers} answers were asked for, and this server gives at most ${most} at once`, { param: 'n' })
}

async function* eventsOf(generation: Generation, index: number, mostPrompt: number): AsyncGenerator<JobEvent, void, undefined> {
  await checkedStart(generation, mostPrompt)
  for await (const step of generation) yield { index, step }
  yield { index, result: await generation.result }
}

async function next(source: AsyncGenerator<JobEvent>, index: number): Promise<{ index: number; event: JobEvent | undefined }> {
  const { value, done } = await source.next()
  return { index, event: done ? undefined : value }
}

function checkLength(requests: readonly GenerateRequest[], contextLength: number): void {
  for (const { prompt, messages, prediction } of requests) {
    const length =
      (prompt?.length ?? 0) + (messages?.reduce((sum, { content }) => sum + content.length, 0) ?? 0) + (prediction?.length ?? 0)
    checkPromptLength(length, contextLength)
  }
}
