import { OuroborosError } from '../core/errors.ts'
import type { Logits, Pass } from '../core/model.ts'
import { MAX_KEY, PhrasePool } from '../core/phrase-pool.ts'
import { Sampler } from '../core/sampler.ts'
import { Session, type Step } from '../core/session.ts'
import type { Token } from '../core/token.ts'
import type { EmittedToken } from '../core/verify.ts'
import type { FinishReason, GeneratedToken, GenerationResult, GenerationStep } from './api.ts'
import { renderChat } from './chat-template.ts'
import { createDrafter, type DraftingState } from './drafter-factory.ts'
import type { GrammarConstraint } from './grammar.ts'
import { jsonSchemaToGrammar } from './json-schema.ts'
import { isPaper } from './paper-parameters.ts'
import type { WireRequest } from './protocol.ts'
import type { Runtime } from './runtime.ts'
import { TextStream } from './text-stream.ts'
import { Tracer } from './tracer.ts'
import { Detokenizer, type Vocabulary } from './vocabulary.ts'

const DEFAULT_MAX_TOKENS = 512

/** Runs one request to its end. `aborted` is asked between passes; the event loop turns in between. */
export async function runRequest(
  runtime: Runtime,
  request: WireRequest,
  aborted: () => boolean,
  emit: (step: GenerationStep) => void,
): Promise<GenerationResult> {
  const { vocabulary } = runtime.target
  const method = request.method ?? 'ouroboros'
  const prompt = promptTokens(runtime, request)
  const stops = typeof request.stop === 'string' ? [request.stop] : (request.stop ?? [])
  const stream = new TextStream(new Detokenizer(vocabulary), stops)
  const constraint = constraintOf(request, vocabulary)
  const drafting = request.prediction ? expecting(request.prediction, runtime) : runtime.drafting
  const tracer = request.trace ? new Tracer(drafting.ouroboros.pool, vocabulary) : undefined
  const session = new Session(
    {
      target: runtime.text,
      drafter: createDrafter(method, checkMethod(request), drafting),
      sampler: new Sampler(samplerOptions(request, vocabulary), constraint),
      endTokens: vocabulary.endTokens,
      maxTokens: !request.maxTokens ? DEFAULT_MAX_TOKENS : request.maxTokens < 0 ? Number.MAX_SAFE_INTEGER : request.maxTokens,
      ...(runtime.exact && { exact: runtime.exact }),
      ...(request.logprobs !== undefined && { logprobs: request.logprobs }),
    },
    prompt,
  )
  const clock = new Clock(runtime)
  let finish: FinishReason | undefined
  try {
    while (finish === undefined) {
      const step = await driveStep(session, aborted)
      if (step === undefined) finish = 'abort'
      else if (step.tokens.length > 0) {
        const shown = show(step, stream, vocabulary)
        clock.emitted(shown.tokens.length)
        finish = stream.stopped ? 'stop' : step.finish
        if (finish !== undefined) shown.text += stream.flush()
        if (step.round) shown.widths = step.round.widths
        if (tracer && step.round) shown.trace = tracer.trace(step.round, session.statistics.pool)
        emit(shown)
      }
    }
  } finally {
    constraint?.close()
    tracer?.close()
  }
  if (finish === 'abort') {
    const rest = stream.flush()
    if (rest) emit({ text: rest, tokens: [] })
  }
  return {
    text: stream.text,
    finishReason: finish,
    usage: { promptTokens: prompt.length, completionTokens: clock.tokens, cachedTokens: session.cachedTokens },
    timings: clock.timings(),
    method,
    statistics: session.statistics,
    exact: method === 'vanilla' || runtime.exact !== undefined,
  }
}

/** One step, a pass at a time; undefined if aborted. */
async function driveStep(session: Session, aborted: () => boolean): Promise<Step | undefined> {
  const steps: Generator<Pass, Step, Logits> = session.step()
  let next = steps.next()
  while (!next.done) {
    await nextTurn()
    if (aborted()) return undefined
    const [logits] = next.value.cache.model.forward([next.value])
    next = steps.next(logits as Logits)
  }
  return next.value
}

/** Lets messages in. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function promptTokens(runtime: Runtime, request: WireRequest): Token[] {
  const text = request.messages ? renderChat(runtime.target, request.messages) : (request.prompt as string)
  const { vocabulary } = runtime.target
  // A template writes the begin-of-text word itself where it wants one.
  const writesBos = vocabulary.bos >= 0 && request.messages && text.startsWith(vocabulary.spelling(vocabulary.bos))
  return vocabulary.tokenize(text, { bos: !writesBos })
}

function constraintOf(request: WireRequest, vocabulary: Vocabulary): GrammarConstraint | undefined {
  const grammar = request.jsonSchema === undefined ? request.grammar : jsonSchemaToGrammar(request.jsonSchema)
  return grammar === undefined ? undefined : vocabulary.grammar(grammar)
}

/** The drafters' state for a request whose caller expects this text. */
function expecting(text: string, runtime: Runtime): DraftingState {
  const tokens = runtime.target.vocabulary.tokenize(text, { bos: false })
  const expected = new PhrasePool({ capacityBytes: Math.max(1, tokens.length) * MAX_KEY * PhrasePool.bytesPerPhrase })
  expected.learn(tokens, 0, tokens.length, 'prediction')
  return { ...runtime.drafting, ouroboros: { ...runtime.drafting.ouroboros, expected } }
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

/** Times as llama.cpp reports them: the prompt up to the first tokens, then decoding. */
class Clock {
  tokens = 0
  readonly #runtime: Runtime
  readonly #engineBefore: number
  readonly #start = performance.now()
  #first: { at: number; tokens: number } | undefined
  #last = this.#start

  constructor(runtime: Runtime) {
    this.#runtime = runtime
    this.#engineBefore = runtime.engineMs
  }

  emitted(count: number): void {
    this.tokens += count
    this.#last = performance.now()
    this.#first ??= { at: this.#last, tokens: count }
  }

  timings(): GenerationResult['timings'] {
    const first = this.#first ?? { at: performance.now(), tokens: 0 }
    const predictedMs = Math.max(0, this.#last - first.at)
    // The first step's tokens came with the prompt; the rate is that of the steps after it.
    const predictedPerSecond = predictedMs > 0 ? ((this.tokens - first.tokens) / predictedMs) * 1000 : 0
    return { promptMs: first.at - this.#start, predictedMs, predictedPerSecond, engineMs: this.#runtime.engineMs - this.#engineBefore }
  }
}
