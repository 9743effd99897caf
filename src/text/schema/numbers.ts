import { charSet } from '../../grammar/char-set.ts'
import { type Automaton, explore, intersect, isEmpty, subtract, unite } from './automaton.ts'
import { compilePattern } from './compile-pattern.ts'

/** Numbers as decimal digits, without exponents: every number has such a text. -0 is spelled 0. */
export const DECIMALS = compilePattern(String.raw`^(?!-0(?:\.0*)?$)-?(?:0|[1-9]\d*)(?:\.\d+)?$`)
export const INTEGERS = intersect(DECIMALS, compilePattern(String.raw`^-?\d+$`))
export const FRACTIONS = intersect(DECIMALS, compilePattern(String.raw`\.\d*[1-9]`))
/** What every reader keeps: a double has all whole numbers up to here, and no more digits than these. */
const SHORT = [compilePattern(String.raw`^-?\d{1,16}(?:\.\d{1,16})?$`), atLeast(-(2 ** 53), false), atMost(2 ** 53, false)].reduce(
  intersect,
)
/** Whole numbers with more digits, up to those of 64 bits: ids, which are kept as text. Per sign and number of digits. */
const IDS = ['', '-'].flatMap((sign) => [16, 17, 18, 19, 20].map((digits) => compilePattern(`^${sign}[1-9]\\d{${digits - 1}}$`)))
const LONG = compilePattern(String.raw`^-?\d{1,400}(?:\.\d{1,400})?$`)
const MAX_DIVISOR = 4000

/** The numbers from this one on, or above it. */
export function atLeast(given: number, exclusive: boolean): Automaton {
  const bound = inside(given, 1)
  // Below a negative bound are the numbers whose magnitude is larger.
  if (bound < 0)
    return subtract(
      DECIMALS,
      magnitudes(bound, (order) => order > 0 || (exclusive && order === 0)),
    )
  return intersect(
    DECIMALS,
    magnitudes(bound, (order) => order > 0 || (!exclusive && order === 0)),
  )
}

/** The numbers up to this one, or below it. */
export function atMost(bound: number, exclusive: boolean): Automaton {
  return subtract(DECIMALS, atLeast(inside(bound, -2), !exclusive))
}

/** A bound beyond 2^53 has lost digits: so many steps of a double away from it all numbers are surely on the right side. */
function inside(bound: number, steps: number): number {
  const step = 2 ** (Math.floor(Math.log2(Math.abs(bound))) - 52)
  return Math.abs(bound) > 2 ** 53 && Number.isFinite(bound + steps * step) ? bound + steps * step : bound
}

export function equalTo(value: number): Automaton {
  return intersect(atLeast(value, false), atMost(value, false))
}

/** The multiples of `divisor` > 0; undefined where too many remainders would have to be told apart. */
export function multiples(divisor: number): Automaton | undefined {
  const { whole, fraction } = decimal(divisor)
  const scaled = Number(whole + fraction)
  if (scaled > MAX_DIVISOR) return undefined
  interface Progress {
    /** Of the digits so far, as a whole number. */
    readonly remainder: number
    /** Digits behind the point; -1 = no point yet. */
    readonly places: number
    readonly digits: boolean
  }
  const after = ({ remainder, places }: Progress, digit: number): Progress | undefined => {
    if (places >= fraction.length) return digit === 0 ? { remainder, places, digits: true } : undefined
    return { remainder: (remainder * 10 + digit) % scaled, places: places < 0 ? places : places + 1, digits: true }
  }
  const isMultiple = ({ remainder, places, digits }: Progress) => {
    let rest = remainder
    for (let i = Math.max(0, places); i < fraction.length; i++) rest = (rest * 10) % scaled
    return digits && rest === 0
  }
  const signed = explore({ remainder: 0, places: -1, digits: false } as Progress, {
    key: ({ remainder, places, digits }) => `${remainder} ${places} ${digits}`,
    accepts: isMultiple,
    edges: (state) => {
      const digits = Array.from({ length: 10 }, (_, digit) => [charSet([[48 + digit, 48 + digit]]), after(state, digit)] as const)
      const found = digits.filter((edge): edge is [(typeof edge)[0], Progress] => edge[1] !== undefined)
      if (!state.digits) found.push([charSet([[45, 45]]), state])
      if (state.digits && state.places < 0) found.push([charSet([[46, 46]]), { ...state, places: 0, digits: false }])
      return found
    },
  })
  return intersect(DECIMALS, signed)
}

/** The numbers as they are written: without digits that a double cannot tell apart, where that matters to the schema. */
export function written(numbers: Automaton): Automaton {
  const short = intersect(numbers, SHORT)
  if (isEmpty(short)) return intersect(numbers, LONG)
  return IDS.filter((ids) => isEmpty(subtract(ids, numbers))).reduce(unite, short)
}

/** A number's decimal digits. */
export function decimalText(value: number): string {
  const { negative, whole, fraction } = decimal(value)
  return `${negative ? '-' : ''}${whole}${fraction && `.${fraction}`}`
}

function decimal(value: number): { negative: boolean; whole: string; fraction: string } {
  const [, mantissa = '', exponent = '0'] = /^-?([\d.]+)(?:e([+-]\d+))?$/.exec(String(value)) ?? []
  const [whole = '', fraction = ''] = mantissa.split('.')
  const shift = Number(exponent)
  const digits = (whole + fraction).padEnd(whole.length + shift, '0').padStart(fraction.length - shift + 1, '0')
  const point = whole.length + shift < 1 ? 1 : whole.length + shift
  return {
    negative: value < 0,
    whole: digits.slice(0, point).replace(/^0+(?=\d)/, ''),
    fraction: digits.slice(point).replace(/0+$/, ''),
  }
}

/** The numbers of the bound's sign whose magnitude is less (-1), equal (0) or more (1) than the bound's, where `accepts` says so. */
function magnitudes(bound: number, accepts: (order: number) => boolean): Automaton {
  const { negative, whole, fraction } = decimal(bound)
  interface Comparison {
    readonly phase: 'sign' | 'whole' | 'fraction'
    /** Digits read in this phase, as far as they are told apart. */
    readonly places: number
    /** By the digits so far. */
    readonly order: number
  }
  const wholeOrder = ({ places, order }: Comparison) => (places === whole.length ? order : places < whole.length ? -1 : 1)
  const after = ({ phase, places, order }: Comparison, digit: number): Comparison => {
    const digits = phase === 'fraction' ? fraction : whole
    const next = Math.min(places + 1, digits.length + 1)
    return { phase, places: next, order: order || Math.sign(digit - Number(digits[places] ?? 0)) }
  }
  const point = (char: string) => charSet([[char.charCodeAt(0), char.charCodeAt(0)]])
  return explore({ phase: negative ? 'sign' : 'whole', places: 0, order: 0 } as Comparison, {
    key: ({ phase, places, order }) => `${phase} ${places} ${order}`,
    accepts: (state) => {
      if (state.phase === 'sign' || state.places === 0) return false
      if (state.phase === 'whole') return accepts(wholeOrder(state) || (fraction ? -1 : 0))
      return accepts(state.order || (state.places < fraction.length ? -1 : 0))
    },
    edges: (state) => {
      if (state.phase === 'sign') return [[point('-'), { ...state, phase: 'whole' }] as const]
      const digits = Array.from({ length: 10 }, (_, digit) => [point(String(digit)), after(state, digit)] as const)
      return state.phase === 'fraction'
        ? digits
        : [...digits, [point('.'), { phase: 'fraction', places: 0, order: wholeOrder(state) }] as const]
    },
  })
}
