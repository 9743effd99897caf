import { type CharSet, charSet, complement, HIGHEST, rangesOf } from '../../grammar/char-set.ts'

/** A regular expression. `look` = a look-ahead. */
export type Pattern =
  | { readonly kind: 'set'; readonly set: CharSet }
  | { readonly kind: 'begin' | 'end' }
  | { readonly kind: 'sequence' | 'choice'; readonly parts: readonly Pattern[] }
  | { readonly kind: 'repeat'; readonly part: Pattern; readonly min: number; readonly max: number }
  | { readonly kind: 'look'; readonly part: Pattern; readonly negative: boolean }

/** What of a pattern cannot be a grammar, or is no pattern at all. */
export class PatternError extends Error {}

const MAX_LENGTH = 10_000
const MAX_DEPTH = 200
const DIGITS: CharSet = charSet([[48, 57]])
const WORD: CharSet = charSet([
  [48, 57],
  [65, 90],
  [95, 95],
  [97, 122],
])
const SPACE: CharSet = charSet([
  [9, 13],
  [32, 32],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
])
const CLASSES: Readonly<Record<string, CharSet>> = {
  d: DIGITS,
  D: complement(DIGITS),
  w: WORD,
  W: complement(WORD),
  s: SPACE,
  S: complement(SPACE),
}
const CONTROLS: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, f: 12, v: 11, 0: 0 }
const NOT_A_LINE_END = complement(
  charSet([
    [10, 10],
    [13, 13],
    [0x2028, 0x2029],
  ]),
)

/** Reads a JavaScript regular expression. Throws PatternError. */
export function parsePattern(source: string): Pattern {
  if (source.length > MAX_LENGTH) throw new PatternError(`a pattern has at most ${MAX_LENGTH} characters: received ${source.length}`)
  const parser = new Parser(source)
  return parser.parse()
}

class Parser {
  readonly #source: string
  #at = 0
  #depth = 0

  constructor(source: string) {
    this.#source = source
  }

  parse(): Pattern {
    const pattern = this.#choice()
    if (this.#at < this.#source.length) throw new PatternError('there is no group to close')
    return pattern
  }

  #choice(): Pattern {
    if (++this.#depth > MAX_DEPTH) throw new PatternError(`groups are nested more than ${MAX_DEPTH} deep`)
    const parts = [this.#sequence()]
    while (this.#take('|')) parts.push(this.#sequence())
    this.#depth--
    return parts.length === 1 ? (parts[0] as Pattern) : { kind: 'choice', parts }
  }

  #sequence(): Pattern {
    const parts: Pattern[] = []
    for (let char = this.#source[this.#at]; char !== undefined && char !== '|' && char !== ')'; char = this.#source[this.#at])
      parts.push(this.#quantified(this.#atom()))
    return parts.length === 1 ? (parts[0] as Pattern) : { kind: 'sequence', parts }
  }

  #quantified(part: Pattern): Pattern {
    const found = this.#match(/(?:[*+?]|\{\d+(?:,\d*)?\})/y)
    if (!found) return part
    if (part.kind === 'begin' || part.kind === 'end' || part.kind === 'look') throw new PatternError(`${found} needs something before it`)
    this.#take('?') // lazy: the same texts
    const [min, max] = bounds(found)
    if (max < min) throw new PatternError(`${found} is upside down`)
    const repeated: Pattern = { kind: 'repeat', part, min, max }
    if (/[*+?]/.test(this.#source[this.#at] ?? '')) throw new PatternError('a repetition cannot be repeated')
    return repeated
  }

  #atom(): Pattern {
    const char = this.#source[this.#at] as string
    if (char === '^' || char === '$') {
      this.#at++
      return { kind: char === '^' ? 'begin' : 'end' }
    }
    if (char === '(') return this.#group()
    if (char === '[') return { kind: 'set', set: this.#class() }
    if (char === '.') {
      this.#at++
      return { kind: 'set', set: NOT_A_LINE_END }
    }
    if (/[*+?]/.test(char)) throw new PatternError(`${char} needs something before it`)
    if (char === '\\') return { kind: 'set', set: this.#escape() }
    return { kind: 'set', set: single(this.#character()) }
  }

  #group(): Pattern {
    const opening = this.#match(/\((?:\?(?:[:=!]|<[=!]|<\w+>|))?/y) as string
    if (opening === '(?' || opening.startsWith('(?<=') || opening.startsWith('(?<!'))
      throw new PatternError(`${this.#source.slice(this.#at - opening.length, this.#at + 2)} cannot be expressed`)
    const part = this.#choice()
    if (!this.#take(')')) throw new PatternError('a group is not closed')
    return opening === '(?=' || opening === '(?!' ? { kind: 'look', part, negative: opening === '(?!' } : part
  }

  #class(): CharSet {
    this.#at++
    const negated = this.#take('^')
    const ranges: [number, number][] = []
    while (!this.#take(']')) {
      if (this.#at >= this.#source.length) throw new PatternError('a character class is not closed')
      const low = this.#member()
      const isRange = this.#source[this.#at] === '-' && this.#source[this.#at + 1] !== ']' && low.length === 2 && low[0] === low[1]
      if (!isRange) {
        ranges.push(...rangesOf(low))
        continue
      }
      this.#at++
      const high = this.#member()
      if (high.length !== 2 || high[0] !== high[1] || (high[0] as number) < (low[0] as number))
        throw new PatternError('a range of characters is not one')
      ranges.push([low[0] as number, high[0] as number])
    }
    const set = charSet(ranges)
    return negated ? complement(set) : set
  }

  #member(): CharSet {
    if (this.#source.startsWith('\\b', this.#at)) {
      this.#at += 2
      return single(8)
    }
    return this.#source[this.#at] === '\\' ? this.#escape() : single(this.#character())
  }

  #escape(): CharSet {
    this.#at++
    const kind = this.#source[this.#at]
    if (kind === undefined) throw new PatternError('a pattern ends with \\')
    const known = CLASSES[kind]
    if (known) {
      this.#at++
      return known
    }
    if (/[bB1-9k]/.test(kind)) throw new PatternError(`\\${kind} cannot be expressed`)
    if (kind === 'p' || kind === 'P') return this.#property()
    const hex = this.#match(/x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|u\{[0-9a-fA-F]{1,6}\}/y)
    if (hex) return single(this.#joined(Number.parseInt(hex.replace(/[^0-9a-fA-F]/g, ''), 16)))
    const control = this.#match(/c[a-zA-Z]/y)
    if (control) return single(control.charCodeAt(1) % 32)
    if (CONTROLS[kind] !== undefined) {
      this.#at++
      return single(CONTROLS[kind])
    }
    if (/[a-zA-Z0-9]/.test(kind)) throw new PatternError(`there is no escape \\${kind}`)
    return single(this.#character())
  }

  /** Two escapes may be the halves of one character. */
  #joined(point: number): number {
    if (point > HIGHEST) throw new PatternError('there is no such character')
    if (point < 0xd800 || point > 0xdbff) return point
    const low = this.#match(/\\u[dD][c-fC-F][0-9a-fA-F]{2}/y)
    return low ? 0x10000 + ((point - 0xd800) << 10) + (Number.parseInt(low.slice(2), 16) - 0xdc00) : point
  }

  #property(): CharSet {
    const name = this.#match(/[pP]\{[\w=]+\}/y)
    if (!name) throw new PatternError('\\p needs a property in braces')
    return propertySet(name)
  }

  #character(): number {
    const point = this.#source.codePointAt(this.#at) as number
    this.#at += point > 0xffff ? 2 : 1
    return point
  }

  #take(char: string): boolean {
    if (this.#source[this.#at] !== char) return false
    this.#at++
    return true
  }

  #match(expression: RegExp): string | undefined {
    expression.lastIndex = this.#at
    const found = expression.exec(this.#source)?.[0]
    this.#at += found?.length ?? 0
    return found
  }
}

function single(point: number): CharSet {
  return [point, point]
}

function bounds(mark: string): [number, number] {
  if (mark === '*' || mark === '+' || mark === '?') return [mark === '+' ? 1 : 0, mark === '?' ? 1 : Number.POSITIVE_INFINITY]
  const [min, max] = mark.slice(1, -1).split(',') as [string, string | undefined]
  return [Number(min), max === undefined ? Number(min) : max === '' ? Number.POSITIVE_INFINITY : Number(max)]
}

const properties = new Map<string, CharSet>()

/** The characters with a Unicode property, as this JavaScript knows them. */
function propertySet(name: string): CharSet {
  const known = properties.get(name)
  if (known) return known
  let expression: RegExp
  try {
    expression = new RegExp(`\\${name}`, 'u')
  } catch {
    throw new PatternError(`\\${name} is no property of characters`)
  }
  const ranges: [number, number][] = []
  for (const [low, high] of rangesOf(complement(charSet([[0xd800, 0xdfff]]))))
    for (let point = low; point <= high; point++) if (expression.test(String.fromCodePoint(point))) ranges.push([point, point])
  const set = charSet(ranges)
  if (properties.size < 50) properties.set(name, set)
  return set
}
