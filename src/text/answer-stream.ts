import type { Tool } from '../api/types.ts'
import { ReasoningStream } from './reasoning-stream.ts'
import { ToolCallStream, type WrittenCall } from './tools/tool-call-stream.ts'

/** What a piece of an answer's text turned out to be, in order. */
export type AnswerPart =
  | { readonly type: 'reasoning'; readonly text: string }
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'call'; readonly call: WrittenCall }

export interface AnswerStreamOptions {
  /** Tools whose calls are looked for. */
  readonly tools?: readonly Tool[] | undefined
  /** The template has opened a thought. */
  readonly isThinking?: boolean | undefined
  /** False: thoughts stay in the text. Default true. */
  readonly splitsReasoning?: boolean | undefined
}

/** An answer's text, in pieces, as thoughts, text and calls of tools; every cut into pieces gives the same. */
export class AnswerStream {
  readonly #reasoning: ReasoningStream | undefined
  readonly #calls: ToolCallStream | undefined

  constructor({ tools, isThinking = false, splitsReasoning = true }: AnswerStreamOptions = {}) {
    this.#reasoning = splitsReasoning ? new ReasoningStream(isThinking) : undefined
    this.#calls = tools?.length ? new ToolCallStream(tools) : undefined
  }

  push(text: string): AnswerPart[] {
    const { reasoning, text: said } = this.#reasoning?.push(text) ?? { reasoning: '', text }
    return [...asReasoning(reasoning), ...this.#say(said)]
  }

  /** What was held back, at the end. */
  flush(): AnswerPart[] {
    const { reasoning, text } = this.#reasoning?.flush() ?? { reasoning: '', text: '' }
    const said = this.#say(text)
    return [...asReasoning(reasoning), ...said, ...(this.#calls?.flush().map(asPart) ?? [])]
  }

  #say(text: string): AnswerPart[] {
    if (text === '') return []
    return this.#calls?.push(text).map(asPart) ?? [{ type: 'text', text }]
  }
}

function asReasoning(text: string): AnswerPart[] {
  return text === '' ? [] : [{ type: 'reasoning', text }]
}

function asPart({ text, call }: ReturnType<ToolCallStream['push']>[number]): AnswerPart {
  return call ? { type: 'call', call } : { type: 'text', text }
}
