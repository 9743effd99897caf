import type { GeneratedToken, GenerationResult, GenerationStep } from '../api/types.ts'
import { type Heard, ToolCallStream, type WrittenCall } from '../text/tool-call-stream.ts'
import { chatLogprobs } from './logprobs.ts'
import type { ChatChunk, ChatResponse, StepBody } from './response-schemas.ts'

type ChunkChoice = ChatChunk['choices'][number]

/** One choice of a chat completion: its text becomes content and calls of tools. */
export class ChatChoice {
  readonly index: number
  readonly #tools: ToolCallStream | undefined
  readonly #calls: WrittenCall[] = []
  readonly #tokens: GeneratedToken[] = []
  readonly #steps: StepBody[] | undefined
  #content = ''
  #finish: 'stop' | 'length' | 'tool_calls' = 'stop'

  constructor(index: number, withTools: boolean, withSteps = false) {
    this.index = index
    if (withSteps) this.#steps = []
    this.#tools = withTools ? new ToolCallStream() : undefined
  }

  /** The chunk that opens a streamed choice. */
  opening(): ChunkChoice {
    return { index: this.index, delta: { role: 'assistant', content: '' }, logprobs: null, finish_reason: null }
  }

  /** Hears a step; the chunk for it, unless nothing can be said yet. */
  hear(step: GenerationStep): ChunkChoice | undefined {
    const { text, tokens } = step
    const heard = this.#tools?.push(text) ?? { content: text, calls: [] }
    this.#tokens.push(...tokens)
    this.#keep(heard)
    const logprobs = chatLogprobs(tokens)
    const steps = this.#steps && [stepBody(step)]
    if (steps) this.#steps?.push(...steps)
    if (heard.content === '' && heard.calls.length === 0 && logprobs === null && !steps) return undefined
    return { index: this.index, delta: this.#delta(heard), logprobs, finish_reason: null, ...(steps && { steps }) }
  }

  /** The end: chunks for what was held back, and for the finish reason. */
  end({ finishReason }: GenerationResult): ChunkChoice[] {
    const rest = this.#tools?.flush() ?? { content: '', calls: [] }
    this.#keep(rest)
    this.#finish = finishReason === 'abort' ? 'length' : finishReason === 'stop' && this.#calls.length > 0 ? 'tool_calls' : finishReason
    const chunks: ChunkChoice[] = []
    if (rest.content !== '' || rest.calls.length > 0)
      chunks.push({ index: this.index, delta: this.#delta(rest), logprobs: null, finish_reason: null })
    return [...chunks, { index: this.index, delta: {}, logprobs: null, finish_reason: this.#finish }]
  }

  /** The choice as a whole. */
  whole(): ChatResponse['choices'][number] {
    const calls = this.#calls.map(asBody)
    return {
      index: this.index,
      message: {
        role: 'assistant',
        content: calls.length > 0 && this.#content === '' ? null : this.#content,
        refusal: null,
        ...(calls.length > 0 && { tool_calls: calls }),
      },
      logprobs: chatLogprobs(this.#tokens),
      finish_reason: this.#finish,
      ...(this.#steps && { steps: this.#steps }),
    }
  }

  #keep({ content, calls }: Heard): void {
    this.#content += content
    this.#calls.push(...calls)
  }

  /** What was just kept, as a change. */
  #delta({ content, calls }: Heard): ChunkChoice['delta'] {
    const first = this.#calls.length - calls.length
    return {
      ...(content !== '' && { content }),
      ...(calls.length > 0 && { tool_calls: calls.map((call, i) => ({ index: first + i, ...asBody(call) })) }),
    }
  }
}

function asBody({ id, name, arguments: given }: WrittenCall) {
  return { id, type: 'function' as const, function: { name, arguments: given } }
}

/** A step as clients get it: who wrote each token, and with `trace` how it came about. */
function stepBody({ text, tokens, widths, trace }: GenerationStep): StepBody {
  return {
    text,
    tokens: tokens.map(({ text, origin, source }) => ({ text, origin, ...(source && { source }) })),
    ...(widths && { widths: { target: widths.target, draft: [...widths.draft] } }),
    ...(trace && { trace: trace as NonNullable<StepBody['trace']> }),
  }
}
