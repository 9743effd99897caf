import { DEFAULT_METHOD } from '../api/methods.ts'
import { isPaper } from '../api/paper-parameters.ts'
import type { FinishReason, GenerationResult, GenerationStep, Started } from '../api/types.ts'
import type { ScheduledSession } from '../core/decoding/scheduler.ts'
import { Session } from '../core/decoding/session.ts'
import { OuroborosError } from '../core/errors.ts'
import { omitUndefined } from '../core/omit-undefined.ts'
import { History } from '../core/phrases/history.ts'
import { MAX_KEY, PhrasePool } from '../core/phrases/phrase-pool.ts'
import { Sampler } from '../core/sampling/sampler.ts'
import type { Vocabulary } from '../llama/vocabulary.ts'
import { AnswerText } from './answer-text.ts'
import { Clock } from './clock.ts'
import { createDrafter, type DraftingState, ownParts } from './drafter-factory.ts'
import type { WireRequest } from './protocol.ts'
import { constraintOf, promptOf } from './request-text.ts'
import type { Runtime } from './runtime.ts'
import type { Slot } from './slots.ts'

const DEFAULT_MAX_TOKENS = 512

/** How a caller follows a request, and cancels it. */
export interface RequestHandlers {
  readonly signal: AbortSignal
  onStarted(started: Started): void
  onStep(step: GenerationStep): void
}

/** Runs one request to its end, in a slot; an abort ends it before its next pass. */
export async function runRequest(runtime: Runtime, request: WireRequest, handlers: RequestHandlers): Promise<GenerationResult> {
  const { tokens: prompt, isThinking } = promptOf(runtime, request)
  const scheduled = runtime.scheduler.join()
  const slot = runtime.slots.take(prompt, request.maxCachedTokens)
  const cancel = () => scheduled.cancel()
  handlers.signal.addEventListener('abort', cancel)
  let drafting: DraftingState | undefined
  let answer: AnswerText | undefined
  try {
    const constraint = constraintOf(runtime, request, isThinking)
    drafting = draftingOf(request, runtime, slot)
    answer = new AnswerText(request, runtime.target.vocabulary, drafting.ouroboros.pool)
    const { vocabulary } = runtime.target
    const method = request.method ?? DEFAULT_METHOD
    const session = new Session(
      {
        target: slot.text,
        drafter: createDrafter(method, checkMethod(request), drafting),
        sampler: new Sampler(samplerOptions(request, vocabulary, prompt.length), constraint),
        endTokens: vocabulary.endTokens,
        maxTokens: maxTokensOf(request),
        promptChunk: () => runtime.scheduler.promptChunk(runtime.target),
        load: scheduled,
        ...omitUndefined({ logprobs: request.logprobs }),
      },
      prompt,
    )
    const { cachedTokens, statistics } = session
    handlers.onStarted({ promptTokens: prompt.length, cachedTokens, ...(isThinking && { isThinking }) })
    const clock = new Clock(scheduled)
    const finishReason = await writeAnswer(session, scheduled, answer, clock, handlers)
    return {
      text: answer.text,
      finishReason,
      ...omitUndefined({ stop: answer.stop }),
      usage: { promptTokens: prompt.length, completionTokens: clock.tokens, cachedTokens },
      timings: clock.timings(),
      method,
      statistics,
      exact: method === 'vanilla' || runtime.facts.exact,
    }
  } finally {
    handlers.signal.removeEventListener('abort', cancel)
    answer?.close()
    drafting?.ouroboros.planner.close()
    scheduled.leave()
    runtime.slots.release(slot)
  }
}

/** Steps until one of them ends the answer, or the caller does. */
async function writeAnswer(
  session: Session,
  scheduled: ScheduledSession,
  answer: AnswerText,
  clock: Clock,
  { signal, onStep }: RequestHandlers,
): Promise<FinishReason> {
  for (;;) {
    const step = signal.aborted ? undefined : await scheduled.run(session.step())
    if (step === undefined) {
      const rest = answer.flush()
      if (rest) onStep({ text: rest, tokens: [] })
      return 'abort'
    }
    if (step.tokens.length === 0) continue
    const shown = answer.show(step, session.statistics.pool)
    clock.emitted(shown.tokens.length)
    const finish = answer.stop !== undefined ? 'stop' : step.finish
    if (finish !== undefined) shown.text += answer.flush()
    onStep(shown)
    if (finish !== undefined) return finish
  }
}

/** What the request's drafter works with; the text that its caller expects is a pool of its own. */
function draftingOf({ prediction, tenant }: WireRequest, runtime: Runtime, slot: Slot): DraftingState {
  const { drafting, target } = runtime
  const phrases = runtime.phrases.of(tenant)
  const { pool } = phrases
  if (slot.history.pool !== pool) slot.history = new History(pool)
  const ouroboros = { ...drafting.ouroboros, pool, history: slot.history, ...ownParts(drafting) }
  const state = { ...drafting, draft: slot.draft, phrases, ouroboros }
  if (!prediction) return state
  const tokens = target.vocabulary.tokenize(prediction, { bos: false })
  const expected = new PhrasePool({ capacityBytes: Math.max(1, tokens.length) * MAX_KEY * PhrasePool.bytesPerPhrase })
  expected.learn(tokens, 0, tokens.length, 'prediction')
  return { ...state, ouroboros: { ...state.ouroboros, expected } }
}

function maxTokensOf({ maxTokens }: WireRequest): number {
  if (!maxTokens) return DEFAULT_MAX_TOKENS
  return maxTokens < 0 ? Number.MAX_SAFE_INTEGER : maxTokens
}

function checkMethod(request: WireRequest): NonNullable<WireRequest['options']> {
  if (isPaper(request.options?.preset) && (request.temperature ?? 0) > 0) {
    throw new OuroborosError(
      'E_USAGE',
      `preset ${request.options?.preset} is greedy, as published: received temperature ${request.temperature}, use 0 or preset default`,
    )
  }
  return request.options ?? {}
}

function samplerOptions(request: WireRequest, vocabulary: Vocabulary, promptLength: number) {
  const { temperature, topK, topP, minP, repeatPenalty, presencePenalty, frequencyPenalty, penaltyLastN, seed } = request
  const logitBias = new Map(Object.entries(request.logitBias ?? {}).map(([token, bias]) => [Number(token), bias]))
  for (const token of logitBias.keys()) {
    if (token >= vocabulary.size)
      throw new OuroborosError('E_USAGE', `logitBias: no such token in a vocabulary of ${vocabulary.size}: received ${token}`)
  }
  const until = request.ignoreEos ? Number.POSITIVE_INFINITY : promptLength + (request.minTokens ?? 0)
  const numbers = { temperature, topK, topP, minP, repeatPenalty, presencePenalty, frequencyPenalty, penaltyLastN, seed }
  return { ...omitUndefined(numbers), logitBias, withheld: { tokens: vocabulary.endTokens, until } }
}
