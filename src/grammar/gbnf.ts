import { OuroborosError } from '../core/errors.ts'
import { type CharSet, charSet, complement, EVERY } from './char-set.ts'

/** One step of a rule's alternative. `rule` = index into the grammar's rules. */
export type Item =
  | { readonly kind: 'chars'; readonly set: CharSet }
  | { readonly kind: 'rule'; readonly rule: number }
  | { readonly kind: 'repeat'; readonly rule: number; readonly min: number; readonly max: number }

/** A rule's alternatives. Groups and repeated parts are rules without a name. */
export interface Rule {
  readonly name: string
  alternatives: Item[][] | undefined
}

/** Characters of a grammar. */
export const MAX_LENGTH = 2 ** 20
const MAX_DEPTH = 256
const MAX_REPEATS = 1e9
const ESCAPES: Readonly<Record<string, string>> = {
  t: '\t',
  r: '\r',
  n: '\n',
  '\\': '\\',
  '"': '"',
  '[': '[',
  ']': ']',
  '-': '-',
  '^': '^',
}
const HEX_DIGITS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 }

/** Reads GBNF, the grammar notation of llama.cpp; `root` is rule 0. Throws E_GRAMMAR, with the line. */
export function parseGbnf(text: string): Rule[] {
  if (text.trim() === '') throw new OuroborosError('E_GRAMMAR', 'the grammar is empty: give GBNF rules, among them root')
  if (text.length > MAX_LENGTH)
    throw new OuroborosError('E_GRAMMAR', `the grammar has ${text.length} characters: at most ${MAX_LENGTH} are taken`)
  return new Parser(text).parse()
}

/** An open group, or the rule itself. */
interface Frame {
  readonly rule: number
  readonly alternatives: Item[][]
  items: Item[]
  /** Where the last symbol begins in `items`: what a repetition is about. */
  last: number | undefined
}

class Parser {
  readonly #text: string
  readonly #rules: Rule[] = []
  readonly #byName = new Map<string, number>()
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  parse(): Rule[] {
    this.#named('root')
    this.#skip(true)
    while (this.#at < this.#text.length) {
      this.#rule()
      this.#skip(true)
    }
    for (const { name, alternatives } of this.#rules)
      if (!alternatives)
        throw new OuroborosError('E_GRAMMAR', `the grammar has no rule ${name}: every rule that is used must be defined, among them root`)
    return this.#rules
  }

  #rule(): void {
    const name = this.#match(/[\w-]+/y)
    if (!name) throw this.#wrong('a rule begins with its name')
    this.#skip(false)
    if (!this.#match(/::=/y)) throw this.#wrong(`rule ${name} needs ::= behind its name: give rules, among them root`)
    this.#skip(true)
    const frames: Frame[] = [frame(this.#named(name))]
    while (this.#symbol(frames)) this.#skip(frames.length > 1)
  }

  /** Reads one symbol; false at the rule's end. */
  #symbol(frames: Frame[]): boolean {
    const top = frames.at(-1) as Frame
    const char = this.#text[this.#at]
    const add = (items: Item[]) => {
      top.last = top.items.length
      for (const item of items) top.items.push(item) // a literal may be longer than a call's arguments
      return true
    }
    if (char === '"') return add(this.#literal())
    if (char === '[') return add([{ kind: 'chars', set: this.#class() }])
    if (char === '.') {
      this.#at++
      return add([{ kind: 'chars', set: EVERY }])
    }
    if (char === '(') {
      if (frames.length > MAX_DEPTH) throw this.#wrong(`groups are nested more than ${MAX_DEPTH} deep`)
      this.#at++
      frames.push(frame(this.#unnamed(undefined)))
      this.#skip(true)
      return true
    }
    if (char === ')') {
      if (frames.length === 1) throw this.#wrong('there is no group to close')
      this.#at++
      frames.pop()
      this.#close(top)
      const outer = frames.at(-1) as Frame
      outer.last = outer.items.length
      outer.items.push({ kind: 'rule', rule: top.rule })
      return true
    }
    if (char === '|') {
      this.#at++
      this.#skip(true)
      top.alternatives.push(top.items)
      top.items = []
      top.last = undefined
      return true
    }
    const bounds = this.#repetition()
    if (bounds) return this.#repeat(top, ...bounds)
    const name = this.#match(/[\w-]+/y)
    if (name) return add([{ kind: 'rule', rule: this.#named(name) }])
    return this.#end(frames)
  }

  #end(frames: Frame[]): boolean {
    const char = this.#text[this.#at]
    if (char === '<' || char === '!') throw this.#wrong('tokens (<…>) are not taken: write their text')
    if (frames.length > 1) throw this.#wrong(char === undefined ? 'a group is not closed' : 'no symbol begins like this')
    if (char !== undefined && char !== '\n' && char !== '\r') throw this.#wrong('no symbol begins like this')
    this.#skip(true)
    // The next line may go on with another alternative.
    if (this.#text[this.#at] === '|') return true
    this.#close(frames[0] as Frame)
    return false
  }

  #repeat(top: Frame, min: number, max: number): boolean {
    if (top.last === undefined) throw this.#wrong('a repetition needs something before it')
    if (max < min) throw this.#wrong(`at most ${max} is less than at least ${min}`)
    const items = top.items.splice(top.last)
    const [only] = items
    const rule = items.length === 1 && only?.kind === 'rule' ? only.rule : this.#unnamed([items])
    top.items.push({ kind: 'repeat', rule, min, max })
    return true
  }

  #repetition(): [number, number] | undefined {
    const mark = this.#match(/[*+?]/y)
    if (mark) return [mark === '+' ? 1 : 0, mark === '?' ? 1 : Number.POSITIVE_INFINITY]
    if (this.#text[this.#at] !== '{') return undefined
    const bounds = this.#match(/\{\s*\d+\s*(,\s*\d*\s*)?\}/y)
    if (!bounds) throw this.#wrong('a repetition is {m}, {m,} or {m,n}')
    const [min, max] = bounds.slice(1, -1).split(',') as [string, string | undefined]
    const numbers: [number, number] = [
      Number(min),
      max === undefined ? Number(min) : max.trim() === '' ? Number.POSITIVE_INFINITY : Number(max),
    ]
    for (const number of numbers)
      if (Number.isFinite(number) && number > MAX_REPEATS) throw this.#wrong(`a repetition goes up to ${MAX_REPEATS}: received ${number}`)
    return numbers
  }

  #literal(): Item[] {
    const items: Item[] = []
    this.#at++
    while (this.#text[this.#at] !== '"') {
      const point = this.#character('a literal is not closed')
      items.push({ kind: 'chars', set: [point, point] })
    }
    this.#at++
    return items
  }

  #class(): CharSet {
    this.#at++
    const negated = this.#match(/\^/y) !== undefined
    const ranges: [number, number][] = []
    while (this.#text[this.#at] !== ']') {
      const low = this.#character('a character class is not closed')
      const isRange = this.#text[this.#at] === '-' && this.#text[this.#at + 1] !== ']'
      if (isRange) this.#at++
      const high = isRange ? this.#character('a character class is not closed') : low
      if (high < low) throw this.#wrong('a range of characters goes upwards')
      ranges.push([low, high])
    }
    this.#at++
    const set = charSet(ranges)
    return negated ? complement(set) : set
  }

  #character(unclosed: string): number {
    const point = this.#text.codePointAt(this.#at)
    if (point === undefined) throw this.#wrong(unclosed)
    if (point === 0) throw this.#wrong('write \\x00 for the character NUL')
    if (point !== 0x5c) {
      this.#at += point > 0xffff ? 2 : 1
      return point
    }
    const kind = this.#text[this.#at + 1] ?? ''
    const digits = HEX_DIGITS[kind]
    if (digits) {
      const hex = this.#text.slice(this.#at + 2, this.#at + 2 + digits)
      const value = /^[0-9a-fA-F]+$/.test(hex) && hex.length === digits ? Number.parseInt(hex, 16) : Number.NaN
      if (!(value <= 0x10ffff)) throw this.#wrong(`\\${kind} needs ${digits} hexadecimal digits of a character`)
      this.#at += 2 + digits
      return value
    }
    const escaped = ESCAPES[kind]
    if (escaped === undefined) throw this.#wrong(`there is no escape \\${kind}`)
    this.#at += 2
    return escaped.codePointAt(0) as number
  }

  #close({ rule, alternatives, items }: Frame): void {
    ;(this.#rules[rule] as Rule).alternatives = [...alternatives, items]
  }

  #named(name: string): number {
    const existing = this.#byName.get(name)
    if (existing !== undefined) return existing
    this.#byName.set(name, this.#rules.length)
    return this.#rules.push({ name, alternatives: undefined }) - 1
  }

  #unnamed(alternatives: Item[][] | undefined): number {
    return this.#rules.push({ name: `part ${this.#rules.length}`, alternatives }) - 1
  }

  /** White space and comments. */
  #skip(lines: boolean): void {
    while (this.#match(lines ? /\s+/y : /[ \t]+/y) || this.#match(/#[^\n\r]*/y));
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0]
    this.#at += found?.length ?? 0
    return found
  }

  #wrong(why: string): OuroborosError {
    const line = this.#text.slice(0, this.#at).split('\n').length
    const rest = this.#text.slice(this.#at, this.#at + 20)
    return new OuroborosError('E_GRAMMAR', `the grammar is not valid GBNF, line ${line}, at ${JSON.stringify(rest)}: ${why}`)
  }
}

function frame(rule: number): Frame {
  return { rule, alternatives: [], items: [], last: undefined }
}
