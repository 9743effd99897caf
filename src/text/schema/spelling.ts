import { type CharSet, charSet, complement, intersection, rangesOf } from '../../grammar/char-set.ts'

/** Characters that JSON writes with a letter behind a backslash. */
const SHORT: readonly (readonly [number, string])[] = [
  [8, 'b'],
  [9, 't'],
  [10, 'n'],
  [12, 'f'],
  [13, 'r'],
  [0x22, '"'],
  [0x5c, '\\'],
]
const CONTROLS: CharSet = [0, 0x1f]
const RAW = complement(
  charSet([
    [0, 0x1f],
    [0x22, 0x22],
    [0x5c, 0x5c],
  ]),
)

/** A text without control characters as a GBNF literal. */
export function literal(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&')}"`
}

/** A value's JSON as a GBNF literal. */
export function jsonLiteral(value: unknown): string {
  return literal(JSON.stringify(value))
}

/** GBNF of one character of the set. */
export function characters(set: CharSet): string {
  return `[${rangesOf(set)
    .map(([low, high]) => (low === high ? classMember(low) : `${classMember(low)}-${classMember(high)}`))
    .join('')}]`
}

/** GBNF of one character of the set as JSON spells it inside a string: with a backslash only where it must be. */
export function jsonCharacters(set: CharSet): string[] {
  const raw = intersection(set, RAW)
  const short = SHORT.filter(([point]) => intersection(set, [point, point]).length > 0).map(([, letter]) => letter)
  const controls = rangesOf(intersection(set, CONTROLS)).flatMap(([low, high]) => Array.from({ length: high - low + 1 }, (_, i) => low + i))
  const rest = controls.filter((point) => !SHORT.some(([other]) => other === point))
  const hex = (first: number) => {
    const digits = rest.filter((point) => point >> 4 === first).map((point) => (point & 15).toString(16))
    return digits.length > 0
      ? [`"\\\\u00${first}" [${[...new Set(digits.flatMap((digit) => [digit, digit.toUpperCase()]))].join('')}]`]
      : []
  }
  return [
    ...(raw.length > 0 ? [characters(raw)] : []),
    ...(short.length > 0 ? [`"\\\\" [${short.map((letter) => (letter === '\\' ? '\\\\' : letter)).join('')}]`] : []),
    ...hex(0),
    ...hex(1),
  ]
}

function classMember(point: number): string {
  if (point > 0xffff) return `\\U${point.toString(16).padStart(8, '0')}`
  if (point > 0x7e) return `\\u${point.toString(16).padStart(4, '0')}`
  if (point < 0x20) return `\\x${point.toString(16).padStart(2, '0')}`
  const char = String.fromCharCode(point)
  return /[\\\]^-]/.test(char) ? `\\${char}` : char
}
