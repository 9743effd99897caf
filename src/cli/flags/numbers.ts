import { InvalidArgumentError } from 'commander'

/** Bounds of a numeric option, both included; `also` are single values beyond them, with their meaning (`-1: 'no limit'`). */
export interface Bounds {
  min: number
  max?: number
  also?: Readonly<Record<string, string>>
}

/** Parser of a whole number within bounds. */
export function integer(bounds: Bounds): (text: string) => number {
  return (text) => check(text, /^[+-]?\d+$/, 'an integer', bounds)
}

/** Parser of a decimal number within bounds. */
export function real(bounds: Bounds): (text: string) => number {
  return (text) => check(text, /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i, 'a number', bounds)
}

function check(text: string, shape: RegExp, kind: string, bounds: Bounds): number {
  const value = Number(text)
  const also = Object.entries(bounds.also ?? {})
  if (shape.test(text) && Number.isFinite(value)) {
    if (value >= bounds.min && value <= (bounds.max ?? Number.MAX_SAFE_INTEGER)) return value
    if (also.some(([extra]) => Number(extra) === value)) return value
  }
  const range = bounds.max === undefined ? `from ${bounds.min}` : `from ${bounds.min} to ${bounds.max}`
  throw new InvalidArgumentError([`Allowed: ${kind} ${range}`, ...also.map(([extra, meaning]) => `${extra} (${meaning})`)].join(', or '))
}

/** Parser of decimal numbers within bounds, with commas between them. */
export function reals(bounds: Bounds): (text: string) => number[] {
  const one = real(bounds)
  return (text) => list(text).map(one)
}

/** Names with commas between them. */
export function list(text: string): string[] {
  const names = text.split(',').map((name) => name.trim())
  if (names.some((name) => name === '')) throw new InvalidArgumentError('Allowed: names with commas between them')
  return names
}

/** Requests at once, with commas between them. */
export function counts(text: string): number[] {
  const numbers = text.split(',').map(Number)
  if (!numbers.every((count) => Number.isInteger(count) && count >= 1 && count <= 64))
    throw new InvalidArgumentError('Allowed: integers from 1 to 64 with commas between them')
  return numbers
}
