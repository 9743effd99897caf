import { randomUUID } from 'node:crypto'
import type {
  LanguageModelV3,
  LanguageModelV3CallOptions,
  LanguageModelV3Content,
  LanguageModelV3FinishReason,
  LanguageModelV3GenerateResult,
  LanguageModelV3StreamPart,
  LanguageModelV3StreamResult,
  LanguageModelV3Usage,
  SharedV3ProviderMetadata,
} from '@ai-sdk/provider'
import type { Engine, GenerateRequest, Generation, GenerationResult } from '../api/types.ts'
import { draftAcceptanceRate, meanAcceptanceLength } from '../core/stats.ts'
import { type AnswerPart, AnswerStream } from '../text/answer-stream.ts'
import { toRequest } from './to-request.ts'

/** One model as the AI SDK calls it. */
export class OuroborosLanguageModel implements LanguageModelV3 {
  readonly specificationVersion = 'v3'
  readonly provider = 'ouroboros'
  readonly modelId: string
  readonly supportedUrls = {}
  readonly #engine: () => Promise<Engine>
  readonly #defaults: GenerateRequest

  constructor(modelId: string, engine: () => Promise<Engine>, defaults: GenerateRequest) {
    this.modelId = modelId
    this.#engine = engine
    this.#defaults = defaults
  }

  async doGenerate(options: LanguageModelV3CallOptions): Promise<LanguageModelV3GenerateResult> {
    const { stream } = await this.doStream(options)
    const result: Pick<LanguageModelV3GenerateResult, 'content' | 'warnings'> = { content: [], warnings: [] }
    const texts = { text: '', reasoning: '' }
    const calls: LanguageModelV3Content[] = []
    let finish: Extract<LanguageModelV3StreamPart, { type: 'finish' }> | undefined
    for await (const part of stream as unknown as AsyncIterable<LanguageModelV3StreamPart>) {
      if (part.type === 'stream-start') result.warnings.push(...part.warnings)
      else if (part.type === 'text-delta') texts.text += part.delta
      else if (part.type === 'reasoning-delta') texts.reasoning += part.delta
      else if (part.type === 'tool-call') calls.push(part)
      else if (part.type === 'error') throw part.error
      else if (part.type === 'finish') finish = part
    }
    for (const type of ['reasoning', 'text'] as const) if (texts[type] !== '') result.content.push({ type, text: texts[type] })
    result.content.push(...calls)
    const { usage, finishReason, providerMetadata } = finish as NonNullable<typeof finish>
    return { ...result, usage, finishReason, ...(providerMetadata && { providerMetadata }) }
  }

  async doStream(options: LanguageModelV3CallOptions): Promise<LanguageModelV3StreamResult> {
    const engine = await this.#engine()
    const { request, warnings } = toRequest(options, this.#defaults)
    const generation = engine.generate(request)
    // A prompt that is refused rejects the call, not the stream.
    const started = await generation.started
    const answer = new AnswerStream({ tools: request.tools, isThinking: started?.isThinking })
    const parts = streamParts(generation, answer, options.abortSignal)
    const stream = new ReadableStream<LanguageModelV3StreamPart>({
      start: (controller) => controller.enqueue({ type: 'stream-start', warnings }),
      async pull(controller) {
        const { value, done } = await parts.next()
        if (done) controller.close()
        else controller.enqueue(value)
      },
      async cancel() {
        await parts.return()
      },
    })
    return { stream }
  }
}

async function* streamParts(
  generation: Generation,
  answer: AnswerStream,
  signal: AbortSignal | undefined,
): AsyncGenerator<LanguageModelV3StreamPart, void, undefined> {
  let calls = 0
  /** The block of text or thoughts that is open. */
  let open: { type: 'text' | 'reasoning'; id: string } | undefined
  const close = (): LanguageModelV3StreamPart[] => {
    const closed = open
    open = undefined
    return closed ? [{ type: `${closed.type}-end`, id: closed.id }] : []
  }
  const partsOf = (parts: readonly AnswerPart[]): LanguageModelV3StreamPart[] =>
    parts.flatMap((part): LanguageModelV3StreamPart[] => {
      if (part.type === 'call') {
        calls++
        const { id, name, arguments: input } = part.call
        return [...close(), { type: 'tool-call', toolCallId: id, toolName: name, input }]
      }
      const before = open?.type === part.type ? [] : close()
      const isNew = open === undefined
      open ??= { type: part.type, id: randomUUID() }
      const { type, id } = open
      return [...before, ...(isNew ? [{ type: `${type}-start` as const, id }] : []), { type: `${type}-delta`, id, delta: part.text }]
    })
  try {
    for await (const { text } of generation) yield* partsOf(answer.push(text))
    yield* partsOf(answer.flush())
    yield* close()
    const result = await generation.result
    if (signal?.aborted) throw signal.reason
    yield { type: 'finish', usage: usageOf(result), finishReason: finishOf(result, calls > 0), providerMetadata: metadataOf(result) }
  } catch (error) {
    yield { type: 'error', error }
  }
}

function finishOf({ finishReason }: GenerationResult, called: boolean): LanguageModelV3FinishReason {
  const unified = finishReason === 'abort' ? 'other' : finishReason === 'stop' && called ? 'tool-calls' : finishReason
  return { unified, raw: finishReason }
}

function usageOf({ usage }: GenerationResult): LanguageModelV3Usage {
  const { promptTokens, completionTokens, cachedTokens } = usage
  return {
    inputTokens: { total: promptTokens, noCache: promptTokens - cachedTokens, cacheRead: cachedTokens, cacheWrite: undefined },
    outputTokens: { total: completionTokens, text: completionTokens, reasoning: undefined },
  }
}

/** What speculation did, under vLLM's names. */
function metadataOf({ statistics, timings, method }: GenerationResult): SharedV3ProviderMetadata {
  return {
    ouroboros: {
      method,
      mean_acceptance_length: meanAcceptanceLength(statistics),
      draft_acceptance_rate: draftAcceptanceRate(statistics),
      draft_n: statistics.draftTokens,
      draft_n_accepted: statistics.acceptedTokens,
      predicted_per_second: timings.predictedPerSecond,
    },
  }
}
