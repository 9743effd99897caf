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
import { type Heard, ToolCallStream } from '../text/tool-call-stream.ts'
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
    let text = ''
    const calls: LanguageModelV3Content[] = []
    let finish: Extract<LanguageModelV3StreamPart, { type: 'finish' }> | undefined
    for await (const part of stream as unknown as AsyncIterable<LanguageModelV3StreamPart>) {
      if (part.type === 'stream-start') result.warnings.push(...part.warnings)
      else if (part.type === 'text-delta') text += part.delta
      else if (part.type === 'tool-call') calls.push(part)
      else if (part.type === 'error') throw part.error
      else if (part.type === 'finish') finish = part
    }
    if (text !== '') result.content.push({ type: 'text', text })
    result.content.push(...calls)
    const { usage, finishReason, providerMetadata } = finish as NonNullable<typeof finish>
    return { ...result, usage, finishReason, ...(providerMetadata && { providerMetadata }) }
  }

  async doStream(options: LanguageModelV3CallOptions): Promise<LanguageModelV3StreamResult> {
    const engine = await this.#engine()
    const { request, warnings } = toRequest(options, this.#defaults)
    const generation = engine.generate(request)
    // A prompt that is refused rejects the call, not the stream.
    await generation.started
    const parts = streamParts(generation, request.tools !== undefined, options.abortSignal)
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
  withTools: boolean,
  signal: AbortSignal | undefined,
): AsyncGenerator<LanguageModelV3StreamPart, void, undefined> {
  const id = randomUUID()
  const tools = withTools ? new ToolCallStream() : undefined
  let isOpen = false
  let calls = 0
  const partsOf = (heard: Heard): LanguageModelV3StreamPart[] => {
    const parts: LanguageModelV3StreamPart[] = []
    if (heard.content !== '') {
      if (!isOpen) parts.push({ type: 'text-start', id })
      isOpen = true
      parts.push({ type: 'text-delta', id, delta: heard.content })
    }
    for (const call of heard.calls) parts.push({ type: 'tool-call', toolCallId: call.id, toolName: call.name, input: call.arguments })
    calls += heard.calls.length
    return parts
  }
  try {
    for await (const { text } of generation) yield* partsOf(tools?.push(text) ?? { content: text, calls: [] })
    if (tools) yield* partsOf(tools.flush())
    const result = await generation.result
    if (signal?.aborted) throw signal.reason
    if (isOpen) yield { type: 'text-end', id }
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
