import type { ChatMessage } from '../api/chat.ts'
import type { Measured } from './sample.ts'

/** Somebody who writes an answer and says how long it took. */
export interface Contender {
  readonly name: string
  /** It learns from what it has written: on the same prompt again it would be faster. */
  readonly once?: boolean
  run(messages: readonly ChatMessage[]): Promise<Measured>
}

/** One answer between two plain runs. */
export interface Turn {
  readonly contender: Contender
  readonly measured: Measured
  readonly before: Measured
  readonly after: Measured
  /** The plain runs agree: the machine's speed stayed the same meanwhile. */
  readonly steady: boolean
}

/** How far the plain runs' speeds may be apart, of the larger one. */
const AGREEMENT = 0.05
const TRIES = 3

/**
 * Runs a contender and plain decoding behind it. Where the plain runs before and after do not agree, the turn is repeated, at most
 * twice; what learns is not.
 */
export async function runTurn(plain: Contender, contender: Contender, first: Measured, messages: readonly ChatMessage[]): Promise<Turn> {
  let before = first
  for (let tries = 1; ; tries++) {
    const measured = await contender.run(messages)
    const after = await plain.run(messages)
    const steady = agree(before, after)
    if (steady || contender.once || tries === TRIES) return { contender, measured, before, after, steady }
    before = after
  }
}

/** The plain run that a turn is compared with: the text of the one before, the mean time of both. */
export function baseOf({ before, after }: Turn): Measured {
  const mean = (of: (one: Measured) => number) => (of(before) + of(after)) / 2
  return {
    ...before,
    decodedTokens: mean((one) => one.decodedTokens),
    decodedMs: mean((one) => one.decodedMs),
    tokensPerSecond: mean((one) => one.tokensPerSecond),
  }
}

function agree({ tokensPerSecond: a }: Measured, { tokensPerSecond: b }: Measured): boolean {
  return Math.abs(a - b) <= AGREEMENT * Math.max(a, b)
}
