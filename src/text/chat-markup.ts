/** A part of a prompt: the template's own text, in which control tokens count, or what somebody wrote. */
export interface PromptPart {
  readonly text: string
  readonly isMarkup: boolean
}

/** Characters of the private use area that stand for what a template must not change: [first] number [last]. */
const [FIRST, LAST, NUMBER, KEY] = ['\uE000', '\uE001', '\uE002', '\uE003']
const RESERVED = `[${FIRST}-${KEY}]`
const HELD = new RegExp(`${FIRST}(\\d+)${LAST}`)
const HELD_NUMBER = new RegExp(`"${NUMBER}(\\d+)${LAST}"|${NUMBER}(\\d+)${LAST}`, 'g')
const JSON_PART = /"[^"\\]*(?:\\[\s\S][^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/g

/**
 * What people wrote, on its way through a template: control tokens (`<|im_end|>`) in it are hidden before, and come back as plain
 * text; numbers of JSON text keep their digits, its keys their order.
 */
export class ChatMarkup {
  readonly #marks: RegExp
  readonly #marksInJson: RegExp
  readonly #hidden: string[] = []
  readonly #numbers: string[] = []

  /** `marks` = the control tokens of the model, as they are spelled. */
  constructor(marks: readonly string[]) {
    const escaped = [...marks].sort((a, b) => b.length - a.length).map((mark) => mark.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    this.#marks = new RegExp([...escaped, RESERVED].join('|'), 'g')
    this.#marksInJson = new RegExp(escaped.join('|') || RESERVED, 'g')
  }

  /** A value without control tokens in its texts and keys. */
  hide(value: unknown, marks = this.#marks): unknown {
    if (typeof value === 'string') return value.replace(marks, (mark) => `${FIRST}${this.#hidden.push(mark) - 1}${LAST}`)
    if (Array.isArray(value)) return value.map((one) => this.hide(one, marks))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [this.hide(key, marks), this.hide(one, marks)]))
  }

  /** A JSON object's text as the value that a template works on; throws where it is no JSON. */
  hideJson(text: string): unknown {
    JSON.parse(text)
    const exact = text.replace(JSON_PART, (part) => {
      // An object would put a key of digits first.
      if (part.startsWith('"')) return /^"\d+"$/.test(part) ? `"${KEY}${part.slice(1)}` : part
      return String(Number(part)) === part ? part : `"${NUMBER}${this.#numbers.push(part) - 1}${LAST}"`
    })
    // Reserved characters stay: some are ours, and those of others stand for nothing but plain text and digits.
    return this.hide(JSON.parse(exact), this.#marksInJson)
  }

  /** The template's output in parts. */
  parts(rendered: string): PromptPart[] {
    const text = rendered.replace(HELD_NUMBER, (_, quoted, bare) => this.#numbers[Number(quoted ?? bare)] ?? '').replaceAll(KEY, '')
    return text.split(HELD).flatMap((part, i) => {
      const isMarkup = i % 2 === 0
      const shown = isMarkup ? part : (this.#hidden[Number(part)] ?? '')
      return shown === '' ? [] : [{ text: shown, isMarkup }]
    })
  }
}
