import { rangesOf } from '../../src/grammar/char-set.ts'
import type { Matcher } from '../../src/grammar/matcher.ts'

const CLOSING = ['"', ']', '}', ':', ',']
const LONG = 300
const TOO_LONG = 20_000

/** A text of the grammar as a model without sense writes it: any allowed character, closing what is open when it gets long. */
export function randomText(matcher: Matcher, random: () => number): string {
  let state = matcher.start
  let text = ''
  while (text.length < TOO_LONG) {
    const ranges = matcher.sets(state).flatMap(rangesOf)
    if (state.mayEnd && (ranges.length === 0 || random() < 0.5)) return text
    const closing = text.length > LONG ? CLOSING.filter((char) => matcher.step(state, char.codePointAt(0) as number)) : []
    const [low, high] = ranges[Math.floor(random() * ranges.length)] as [number, number]
    const top = random() < 0.9 ? Math.min(high, Math.max(low, 126)) : high
    const point =
      closing.length > 0 && random() < 0.8 ? (closing[0] as string).codePointAt(0) : low + Math.floor(random() * (top - low + 1))
    const next = matcher.step(state, point as number)
    if (!next) throw new Error('an allowed character is refused')
    if (point !== undefined && point >= 0xd800 && point <= 0xdfff) continue
    text += String.fromCodePoint(point as number)
    state = next
  }
  throw new Error('no end is found')
}

/** The same numbers for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0
    return ((Math.imul(state ^ (state >>> 13), 0x297a2d39) >>> 0) % 1_000_003) / 1_000_003
  }
}
