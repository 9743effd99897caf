import type { Token } from './token.ts'

/** exp(-30) × 152k words is under 2e-8: smaller logits than this below the maximum do not change a probability. */
const NEGLIGIBLE = 30
/** Enough for a confidence, which is compared with what drafts of such confidence came to. */
const NEGLIGIBLE_CONFIDENCE = 12

/** Index of the largest value; the lowest index wins a tie. */
export function argmax(row: Float32Array): Token {
  let best = 0
  let most = row[0] as number
  for (let i = 1; i < row.length; i++) {
    const value = row[i] as number
    if (value > most) {
      most = value
      best = i
    }
  }
  return best
}

/** log(sum(exp(row))), skipping what cannot matter. `most` = the row's maximum. */
export function logSumExp(row: Float32Array, most: number): number {
  const floor = most - NEGLIGIBLE
  let sum = 0
  for (let i = 0; i < row.length; i++) {
    const value = row[i] as number
    if (value > floor) sum += Math.exp(value - most)
  }
  return most + Math.log(sum)
}

/** Blocks whose largest value is too small are not looked at again. */
const BLOCK = 64
let largest = new Float32Array(0)

/**
 * The row's most likely token (lowest index wins a tie) and its probability: the draft model's own confidence. Terms below
 * exp(-12) are left out, so that one look at the row and few exponentials are enough; a draft token costs two looks else.
 */
export function topConfidence(row: Float32Array): { token: Token; probability: number } {
  const blocks = Math.ceil(row.length / BLOCK)
  if (largest.length < blocks) largest = new Float32Array(blocks)
  let most = Number.NEGATIVE_INFINITY
  let token = 0
  for (let block = 0, i = 0; block < blocks; block++) {
    const end = Math.min(row.length, i + BLOCK)
    let here = row[i] as number
    for (; i < end; i++) if ((row[i] as number) > here) here = row[i] as number
    largest[block] = here
    if (here > most) {
      most = here
      token = block * BLOCK
    }
  }
  while (token < row.length - 1 && row[token] !== most) token++
  const floor = most - NEGLIGIBLE_CONFIDENCE
  let sum = 0
  for (let block = 0; block < blocks; block++) {
    if ((largest[block] as number) < floor) continue
    const end = Math.min(row.length, (block + 1) * BLOCK)
    for (let i = block * BLOCK; i < end; i++) if ((row[i] as number) > floor) sum += Math.exp((row[i] as number) - most)
  }
  return { token, probability: 1 / sum }
}

/** The `count` most likely tokens, best first, with their logits. */
export function topTokens(row: Float32Array, count: number): { token: Token; logit: number }[] {
  const best: { token: Token; logit: number }[] = []
  for (let token = 0; token < row.length; token++) {
    const logit = row[token] as number
    if (best.length === count && logit <= (best[count - 1] as { logit: number }).logit) continue
    let at = best.length
    while (at > 0 && (best[at - 1] as { logit: number }).logit < logit) at--
    best.splice(at, 0, { token, logit })
    if (best.length > count) best.pop()
  }
  return best
}
