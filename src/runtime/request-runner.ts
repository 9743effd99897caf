import { isPaper } from '../api/paper-parameters.ts'
import type { FinishReason, GeneratedToken, GenerationResult, GenerationStep, Started } from '../api/types.ts'
import type { ScheduledSession } from '../core/decoding/scheduler.ts'
import { Session, type Step } from '../core/decoding/session.ts'
import type { EmittedToken } from '../core/decoding/verify.ts'
import { OuroborosError } from '../core/errors.ts'
import { MAX_KEY, PhrasePool } from '../core/phrases/phrase-pool.ts'
import { Sampler } from '../core/sampling/sampler.ts'
import { Detokenizer, type Vocabulary } from '../llama/vocabulary.ts'
import { TextStream } from '../text/text-stream.ts'
import { Clock } from './clock.ts'
import { createDrafter, type DraftingState, ownParts } from './drafter-factory.ts'
import type { WireRequest } from './protocol.ts'
import { constraintOf, type Prompt, promptOf } from './request-text.ts'
import type { Runtime } from './runtime.ts'
import type { Slot } from './slots.ts'
import { Tracer } from './tracer.ts'

const DEFAULT_MAX_TOKENS = 512

/** Who hears how a request goes on, and may give it up. */
export interface Audience {
  readonly signal: AbortSignal
  started(started: Started): void
  step(step: GenerationStep): void
}

/** Runs one request to its end, in a slot; an abort ends it before its next pass. */
export async function runRequest(runtime: Runtime, request: WireRequest, audience: Audience): Promise<GenerationResult> {
  const prompt = promptOf(runtime, request)
  const seat = runtime.scheduler.join()
  const slot = runtime.slots.take(prompt.tokens)
  const cancel = () => seat.cancel()
  audience.signal.addEventListener('abort', cancel)
  try {
    return await answer(runtime, request, prompt, { seat, slot, audience })
  } finally {
    audience.signal.removeEventListener('abort', cancel)
    seat.leave()
    runtime.slots.release(slot)
  }
}

/** Where a request is answered, and for whom. */
interface Place {
  readonly seat: ScheduledSession
  readonly slot: Slot
  readonly audience: Audience
}

async function answer(
  runtime: Runtime,
  request: WireRequest,
  { tokens: prompt, isThinking }: Prompt,
  place: Place,
): Promise<GenerationResult> {
  const { seat, slot, audience } = place
  const { vocabulary } = runtime.target
  const method = request.method ?? 'ouroboros'
  const stops = typeof request.stop === 'string' ? [request.stop] : (request.stop ?? [])
  const stream = new TextStream(new Detokenizer(vocabulary), stops)
  const constraint = constraintOf(runtime, request, isThinking)
  const drafting = draftingOf(request, runtime, slot)
  const tracer = request.trace ? new Tracer(drafting.ouroboros.pool, vocabulary) : undefined
  try {
    const session = new Session(
      {
        target: slot.text,
        drafter: createDrafter(method, checkMethod(request), drafting),
        sampler: new Sampler(samplerOptions(request, vocabulary), constraint),
        endTokens: vocabulary.endTokens,
        maxTokens: !request.maxTokens ? DEFAULT_MAX_TOKENS : request.maxTokens < 0 ? Number.MAX_SAFE_INTEGER : request.maxTokens,
        promptChunk: () => runtime.scheduler.promptChunk(runtime.target),
        load: seat,
        ...(request.logprobs !== undefined && { logprobs: request.logprobs }),
      },
      prompt,
    )
    audience.started({ promptTokens: prompt.length, cachedTokens: session.cachedTokens, ...(isThinking && { isThinking }) })
    const clock = new Clock(seat)
    let finish: FinishReason | undefined
    while (finish === undefined) {
      const step = audience.signal.aborted ? undefined : await seat.run(session.step())
      if (step === undefined) finish = 'abort'
      else if (step.tokens.length > 0) {
        const shown = show(step, stream, vocabulary)
        clock.emitted(shown.tokens.length)
        finish = stream.stopped ? 'stop' : step.finish
        if (finish !== undefined) shown.text += stream.flush()
        if (step.round) shown.widths = step.round.widths
        if (tracer && step.round) shown.trace = tracer.trace(step.round, session.statistics.pool)
        audience.step(shown)
      }
    }
    if (finish === 'abort') {
      const rest = stream.flush()
      if (rest) audience.step({ text: rest, tokens: [] })
    }
    return {
      text: stream.text,
      finishReason: finish,
      usage: { promptTokens: prompt.length, completionTokens: clock.tokens, cachedTokens: session.cachedTokens },
      timings: clock.timings(),
      method,
      statistics: session.statistics,
      exact: method === 'vanilla' || runtime.exact,
    }
  } finally {
    drafting.ouroboros.planner.close()
    tracer?.close()
  }
}

/** What the request's drafter stands on; a text that its caller expects is a pool of its own. */
function draftingOf({ prediction }: WireRequest, runtime: Runtime, slot: Slot): DraftingState {
  const { drafting, target } = runtime
  const state = { ...drafting, draft: slot.draft, ouroboros: { ...drafting.ouroboros, history: slot.history, ...ownParts(drafting) } }
  if (!prediction) return state
  const tokens = target.vocabulary.tokenize(prediction, { bos: false })
  const expected = new PhrasePool({ capacityBytes: Math.max(1, tokens.length) * MAX_KEY * PhrasePool.bytesPerPhrase })
  expected.learn(tokens, 0, tokens.length, 'prediction')
  return { ...state, ouroboros: { ...state.ouroboros, expected } }
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

function samplerOptions(request: WireRequest, vocabulary: Vocabulary) {
  const { temperature, topK, topP, minP, repeatPenalty, presencePenalty, frequencyPenalty, penaltyLastN, seed } = request
  const logitBias = new Map(Object.entries(request.logitBias ?? {}).map(([token, bias]) => [Number(token), bias]))
  for (const token of logitBias.keys()) {
    if (token >= vocabulary.size)
      throw new OuroborosError('E_USAGE', `logitBias: no such token in a vocabulary of ${vocabulary.size}: received ${token}`)
  }
  if (request.ignoreEos) for (const token of vocabulary.endTokens) logitBias.set(token, Number.NEGATIVE_INFINITY)
  const numbers = { temperature, topK, topP, minP, repeatPenalty, presencePenalty, frequencyPenalty, penaltyLastN, seed }
  return { ...Object.fromEntries(Object.entries(numbers).filter(([, value]) => value !== undefined)), logitBias }
}

/** The step as text: tokens behind a stop string are dropped. */
function show(step: Step, stream: TextStream, vocabulary: Vocabulary): GenerationStep & { tokens: GeneratedToken[] } {
  const shown: GenerationStep & { tokens: GeneratedToken[] } = { text: '', tokens: [] }
  for (const one of step.tokens) {
    if (stream.stopped) break
    const { piece, safe } = stream.push(one.token)
    shown.text += safe
    shown.tokens.push(describe(one, piece, vocabulary))
  }
  return shown
}

function describe({ token, origin, source, logprob, topLogprobs }: EmittedToken, text: string, vocabulary: Vocabulary): GeneratedToken {
  return {
    id: token,
    text,
    origin,
    ...(source && { source }),
    ...(logprob !== undefined && { logprob }),
    ...(topLogprobs && {
      topLogprobs: topLogprobs.map((other) => ({
        id: other.token,
        text: vocabulary.detokenize([other.token], true),
        logprob: other.logprob,
      })),
    }),
  }
}
