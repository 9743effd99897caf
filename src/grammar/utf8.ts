import type { Matcher, State } from './matcher.ts'

/** A text read byte by byte: maybe in the middle of a character. */
export interface Reading {
  readonly state: State
  /** Bits of the character so far, and how many bytes are missing. */
  readonly bits: number
  readonly missing: number
}

const SURROGATES = [0xd800, 0xdfff] as const

export function beginReading(state: State): Reading {
  return { state, bits: 0, missing: 0 }
}

/** One byte further; undefined where no text of the grammar goes on like this. */
export function readByte(matcher: Matcher, { state, bits, missing }: Reading, byte: number): Reading | undefined {
  if (missing === 0) {
    if (byte < 0x80) return complete(matcher, state, byte)
    const length = byte >= 0xc2 && byte < 0xe0 ? 1 : byte >= 0xe0 && byte < 0xf0 ? 2 : byte >= 0xf0 && byte < 0xf5 ? 3 : 0
    return length === 0 ? undefined : begun(matcher, state, byte & (0x3f >> length), length)
  }
  if ((byte & 0xc0) !== 0x80) return undefined
  const more = (bits << 6) | (byte & 0x3f)
  if (bits === 0 && more << (6 * (missing - 1)) < smallest(missing)) return undefined
  return missing === 1 ? complete(matcher, state, more) : begun(matcher, state, more, missing - 1)
}

function complete(matcher: Matcher, state: State, point: number): Reading | undefined {
  const next = matcher.step(state, point)
  return next && beginReading(next)
}

/** The first bytes of a character, if some allowed character begins so. */
function begun(matcher: Matcher, state: State, bits: number, missing: number): Reading | undefined {
  const low = bits === 0 ? smallest(missing) : bits << (6 * missing)
  const high = Math.min(((bits + 1) << (6 * missing)) - 1, 0x10ffff)
  if (low > high || (low >= SURROGATES[0] && high <= SURROGATES[1]) || !matcher.touches(state, low, high)) return undefined
  return { state, bits, missing }
}

/** The first character whose first byte is empty of bits: what is spelled longer than it must be is no UTF-8. */
function smallest(missing: number): number {
  return missing === 2 ? 0x800 : 0x10000
}
