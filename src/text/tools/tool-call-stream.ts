import { randomUUID } from 'node:crypto'
import type { Tool } from '../../api/types.ts'
import { fenced, plain } from './bare-json.ts'
import type { Call, Offered } from './call.ts'
import { type CallFormat, skipSpace } from './call-format.ts'
import { hermes } from './hermes.ts'
import { llama } from './llama.ts'
import { mistral } from './mistral.ts'
import { xml } from './xml.ts'

/** A call with the id that its answer will name. */
export interface WrittenCall extends Call {
  readonly id: string
}

/** What a piece of text turned out to be, in order. */
export type Heard = { readonly text: string; readonly call?: never } | { readonly call: WrittenCall; readonly text?: never }

/** A mark of one format is not taken for another's: the text decides, not the model. */
const FORMATS: readonly CallFormat[] = [hermes, xml, mistral, llama, fenced, plain]
const LITERAL_MARKS: readonly string[] = ['<tool_call>', '<function=', '[TOOL_CALLS]', '<|python_tag|>']
const LONGEST_MARK = Math.max(...LITERAL_MARKS.map((mark) => mark.length))
/** A line that may become the beginning of a fence, or of JSON. */
const CUT_FENCE = /^[ \t]*(?:`{1,2}|```[a-z_]{0,10}[ \t]*)?$/

/**
 * Finds the calls of offered tools in a text that comes in pieces, in every family's format. What is no legal call stays text;
 * white space that touches a call belongs to it. Every cut of a text into pieces gives the same.
 */
export class ToolCallStream {
  readonly #offered: Offered
  /** All text so far: up to `#given` it was told, up to `#read` no call begins. */
  #text = ''
  #given = 0
  #read = 0
  #isBehindCall = false

  constructor(tools: readonly Pick<Tool, 'name' | 'parameters'>[]) {
    this.#offered = new Map(tools.map((tool) => [tool.name, tool]))
  }

  push(text: string): Heard[] {
    this.#text += text
    return this.#hear(false)
  }

  /** The rest, at the end: a call whose closing mark is missing counts if it is whole. */
  flush(): Heard[] {
    return this.#hear(true)
  }

  #hear(isWhole: boolean): Heard[] {
    const heard: Heard[] = []
    for (;;) {
      const found = this.#next()
      if (!found) {
        this.#read = isWhole ? this.#text.length : Math.max(this.#read, this.#cutMark())
        heard.push(...this.#tell(isWhole ? this.#text.length : this.#read, isWhole))
        return heard
      }
      const reading = found.format.read(this.#text, found.behind, this.#offered, isWhole)
      if (reading === 'more' || (reading === undefined && !isWhole && isCutMark(this.#text.slice(found.at)))) {
        this.#read = found.at
        heard.push(...this.#tell(found.at, false))
        return heard
      }
      if (reading === undefined) {
        this.#read = Math.max(found.behind, found.at + 1)
        continue
      }
      heard.push(...this.#tell(found.at, false))
      for (const call of reading.calls) heard.push({ call: { id: callId(), ...call } })
      this.#given = this.#read = reading.end
      this.#isBehindCall = true
    }
  }

  /** The first mark from where nothing has been found yet. */
  #next(): { format: CallFormat; at: number; behind: number } | undefined {
    let first: { format: CallFormat; at: number; behind: number } | undefined
    for (const format of FORMATS) {
      format.mark.lastIndex = this.#read
      const match = format.mark.exec(this.#text)
      if (match && (!first || match.index < first.at)) first = { format, at: match.index, behind: match.index + match[0].length }
    }
    return first
  }

  /** Where a mark may have begun of which the rest has not come yet. */
  #cutMark(): number {
    const text = this.#text
    const line = Math.max(this.#read, text.lastIndexOf('\n') + 1)
    const isLineStart = line === 0 || text[line - 1] === '\n'
    if (isLineStart && CUT_FENCE.test(text.slice(line))) return line
    for (let at = Math.max(this.#read, text.length - LONGEST_MARK); at < text.length; at++) if (isCutMark(text.slice(at))) return at
    return text.length
  }

  /** Tells the text up to `end`. The white space before it is kept back: it may touch a call. */
  #tell(end: number, isWhole: boolean): Heard[] {
    if (this.#isBehindCall) this.#given = Math.min(end, skipSpace(this.#text, this.#given))
    const until = isWhole ? end : this.#given + this.#text.slice(this.#given, end).trimEnd().length
    if (until <= this.#given) return []
    const text = this.#text.slice(this.#given, until)
    this.#given = until
    this.#isBehindCall = false
    return [{ text }]
  }
}

/** Whether more text could make this a mark. */
function isCutMark(text: string): boolean {
  return LITERAL_MARKS.some((mark) => mark.length > text.length && mark.startsWith(text))
}

function callId(): string {
  return `call_${randomUUID().replaceAll('-', '').slice(0, 24)}`
}
