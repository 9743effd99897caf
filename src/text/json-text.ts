const SPACE = /\s*/y
const STRING = /"[^"\\]*(?:\\[\s\S][^"\\]*)*"/y
const SCALAR = /[^\s,[\]{}]+/y

/** Follows one JSON object or list through a text that grows at its end: what is in a string opens and closes nothing. */
export class ValueScan {
  #at: number
  #depth = 0
  #isString = false

  constructor(from: number) {
    this.#at = from
  }

  /** Where the value ends (behind its last character); undefined while the text ends inside it. */
  end(text: string): number | undefined {
    for (; this.#at < text.length; this.#at++) {
      const character = text[this.#at]
      if (this.#isString) {
        if (character === '"') this.#isString = false
        else if (character === '\\') {
          if (this.#at + 1 === text.length) return undefined
          this.#at++
        }
      } else if (character === '"') this.#isString = true
      else if (character === '{' || character === '[') this.#depth++
      else if ((character === '}' || character === ']') && --this.#depth === 0) return this.#at + 1
    }
    return undefined
  }
}

/** The members of a legal JSON object, each value as the text that was written. */
export function members(object: string): Map<string, string> {
  const found = new Map<string, string>()
  let at = after(SPACE, object, object.indexOf('{') + 1)
  while (object[at] === '"') {
    const keyEnd = after(STRING, object, at)
    const key = JSON.parse(object.slice(at, keyEnd)) as string
    const from = after(SPACE, object, after(SPACE, object, keyEnd) + 1)
    const to = valueEnd(object, from)
    found.set(key, object.slice(from, to))
    at = after(SPACE, object, after(SPACE, object, to) + 1)
  }
  return found
}

/** The elements of a legal JSON list, each as the text that was written. */
export function elements(list: string): string[] {
  const found: string[] = []
  let at = after(SPACE, list, list.indexOf('[') + 1)
  while (at < list.length && list[at] !== ']') {
    const to = valueEnd(list, at)
    found.push(list.slice(at, to))
    at = after(SPACE, list, after(SPACE, list, to) + 1)
  }
  return found
}

/** The text as JSON; undefined where it is none. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Whether it is a JSON object: neither a list nor null. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function valueEnd(text: string, from: number): number {
  const first = text[from]
  if (first === '"') return after(STRING, text, from)
  if (first === '{' || first === '[') return new ValueScan(from).end(text) as number
  return after(SCALAR, text, from)
}

function after(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from
  return pattern.test(text) ? pattern.lastIndex : from
}
