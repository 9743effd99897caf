import { randomUUID } from 'node:crypto'

const OPEN = '<tool_call>'
const CLOSE = '</tool_call>'

/** A call that the model wrote. */
export interface WrittenCall {
  readonly id: string
  readonly name: string
  /** A JSON object, as text. */
  readonly arguments: string
}

/** What a piece of text turned out to be. */
export interface Heard {
  readonly content: string
  readonly calls: readonly WrittenCall[]
}

/** Finds `<tool_call>{"name": ..., "arguments": {...}}</tool_call>` in a text that comes in pieces; what is no legal call stays text. */
export class ToolCallStream {
  #held = ''
  #isInside = false
  #count = 0

  push(text: string): Heard {
    this.#held += text
    let content = ''
    const calls: WrittenCall[] = []
    for (;;) {
      if (this.#isInside) {
        const end = this.#held.indexOf(CLOSE)
        if (end < 0) break
        const call = this.#parse(this.#held.slice(0, end))
        if (call) calls.push(call)
        else content += OPEN + this.#held.slice(0, end + CLOSE.length)
        this.#held = this.#held.slice(end + CLOSE.length)
        this.#isInside = false
      } else {
        const start = this.#held.indexOf(OPEN)
        const safe = start < 0 ? this.#held.length - pendingStart(this.#held) : start
        content += this.#held.slice(0, safe)
        this.#held = this.#held.slice(start < 0 ? safe : start + OPEN.length)
        if (start < 0) break
        this.#isInside = true
      }
    }
    // White space around calls is no answer.
    return { content: this.#count > 0 ? content.trim() : content, calls }
  }

  /** The rest, at the end: a call whose closing mark is missing counts if it is whole. */
  flush(): Heard {
    const call = this.#isInside ? this.#parse(this.#held) : undefined
    const rest = call ? '' : (this.#isInside ? OPEN : '') + this.#held
    this.#held = ''
    this.#isInside = false
    return { content: this.#count > 0 ? rest.trim() : rest, calls: call ? [call] : [] }
  }

  #parse(text: string): WrittenCall | undefined {
    try {
      const { name, arguments: given } = JSON.parse(text) as { name?: unknown; arguments?: unknown }
      if (typeof name !== 'string' || typeof (given ?? {}) !== 'object') return undefined
      const id = `call_${randomUUID().replaceAll('-', '').slice(0, 24)}`
      this.#count++
      return { id, name, arguments: JSON.stringify(given ?? {}) }
    } catch {
      return undefined
    }
  }
}

/** Length of the longest end of `text` that `<tool_call>` begins with. */
function pendingStart(text: string): number {
  for (let size = Math.min(OPEN.length - 1, text.length); size > 0; size--) if (OPEN.startsWith(text.slice(-size))) return size
  return 0
}
