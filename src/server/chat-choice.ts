import type { GeneratedToken, GenerationResult, GenerationStep } from '../api/types.ts'
import { type AnswerPart, AnswerStream, type AnswerStreamOptions } from '../text/answer-stream.ts'
import type { WrittenCall } from '../text/tools/tool-call-stream.ts'
import { chatLogprobs } from './logprobs.ts'
import type { ChatChunk, ChatResponse, StepBody } from './response-schemas.ts'

type ChunkChoice = ChatChunk['choices'][number]

export interface ChoiceOptions extends AnswerStreamOptions {
  /** Whether thoughts are told. Default true. */
  readonly tellsReasoning?: boolean
  /** Whether each step of drafting and verification is told. Default false. */
  readonly tellsSteps?: boolean
}

/** One choice of a chat completion: its text becomes thoughts, content and calls of tools. */
export class ChatChoice {
  readonly index: number
  readonly #stream: AnswerStream
  readonly #tellsReasoning: boolean
  readonly #calls: WrittenCall[] = []
  readonly #tokens: GeneratedToken[] = []
  readonly #steps: StepBody[] | undefined
  #content = ''
  #reasoning = ''
  #finish: 'stop' | 'length' | 'tool_calls' = 'stop'

  constructor(index: number, { tellsReasoning = true, tellsSteps = false, ...options }: ChoiceOptions) {
    this.index = index
    this.#tellsReasoning = tellsReasoning
    if (tellsSteps) this.#steps = []
    this.#stream = new AnswerStream(options)
  }

  /** The chunk that opens a streamed choice. */
  opening(): ChunkChoice {
    return { index: this.index, delta: { role: 'assistant', content: null }, logprobs: null, finish_reason: null }
  }

  /** Hears a step; the chunk for it, unless nothing can be said yet. */
  hear(step: GenerationStep): ChunkChoice | undefined {
    const { text, tokens } = step
    this.#tokens.push(...tokens)
    const delta = this.#keep(this.#stream.push(text))
    const logprobs = chatLogprobs(tokens)
    const steps = this.#steps && [stepBody(step)]
    if (steps) this.#steps?.push(...steps)
    if (Object.keys(delta).length === 0 && logprobs === null && !steps) return undefined
    return { index: this.index, delta, logprobs, finish_reason: null, ...(steps && { steps }) }
  }

  /** The end: chunks for what was held back, and for the finish reason. */
  end({ finishReason }: GenerationResult): ChunkChoice[] {
    const rest = this.#keep(this.#stream.flush())
    this.#finish = finishReason === 'abort' ? 'length' : finishReason === 'stop' && this.#calls.length > 0 ? 'tool_calls' : finishReason
    const chunk = (delta: ChunkChoice['delta'], finish: ChunkChoice['finish_reason']) => ({
      index: this.index,
      delta,
      logprobs: null,
      finish_reason: finish,
    })
    return [...(Object.keys(rest).length > 0 ? [chunk(rest, null)] : []), chunk({}, this.#finish)]
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
        ...(this.#reasoning !== '' && { reasoning_content: this.#reasoning }),
        ...(calls.length > 0 && { tool_calls: calls }),
      },
      logprobs: chatLogprobs(this.#tokens),
      finish_reason: this.#finish,
      ...(this.#steps && { steps: this.#steps }),
    }
  }

  /** Keeps what was heard; the change that it is. */
  #keep(parts: readonly AnswerPart[]): ChunkChoice['delta'] {
    const text = (type: 'text' | 'reasoning') => parts.map((part) => (part.type === type ? part.text : '')).join('')
    const content = text('text')
    const reasoning = this.#tellsReasoning ? text('reasoning') : ''
    const calls = parts.flatMap((part) => (part.type === 'call' ? [part.call] : []))
    const first = this.#calls.length
    this.#content += content
    this.#reasoning += reasoning
    this.#calls.push(...calls)
    return {
      ...(reasoning !== '' && { reasoning_content: reasoning }),
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
