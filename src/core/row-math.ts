import type { Token } from './token.ts'

/** exp(-30) × 152k words is under 2e-8: smaller logits than this below the maximum do not change a probability. */
const NEGLIGIBLE = 30
/** Enough for a confidence, which is compared with what drafts of such confidence came to. */
const NEGLIGIBLE_CONFIDENCE = 12

/** Rows are looked at in blocks: few hold a value near the largest one. */
const BLOCK = 64
let largest = new Float32Array(0)

/**
 * The first of the row's largest values. `largest` holds each block's largest value as far as it is within `slack` of the largest so far:
 * smaller ones are passed over, since a comparison is cheap where it always comes out the same way. Four chains of them run side by side.
 */
function scan(row: Float32Array, slack: number): Token {
  const blocks = Math.ceil(row.length / BLOCK)
  if (largest.length < blocks) largest = new Float32Array(blocks)
  let most = Number.NEGATIVE_INFINITY
  let best = 0
  for (let block = 0; block < blocks; block++) {
    const here = largestOf(row, block * BLOCK, Math.min(row.length, (block + 1) * BLOCK), most - slack)
    largest[block] = here
    if (here > most) {
      most = here
      best = block
    }
  }
  return Math.max(0, row.indexOf(most, best * BLOCK))
}

function largestOf(row: Float32Array, from: number, to: number, atLeast: number): number {
  let [a, b, c, d] = [atLeast, atLeast, atLeast, atLeast]
  let i = from
  for (; i + 3 < to; i += 4) {
    const w = row[i] as number
    const x = row[i + 1] as number
    const y = row[i + 2] as number
    const z = row[i + 3] as number
    if (w > a) a = w
    if (x > b) b = x
    if (y > c) c = y
    if (z > d) d = z
  }
  for (; i < to; i++) if ((row[i] as number) > a) a = row[i] as number
  if (b > a) a = b
  if (d > c) c = d
  return c > a ? c : a
}

/** Index of the largest value; the lowest index wins a tie. */
export function argmax(row: Float32Array): Token {
  return scan(row, 0)
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

/**
 * The row's most likely token (lowest index wins a tie) and its probability: the draft model's own confidence. Terms below
 * exp(-12) are left out, so that one look at the row and few exponentials are enough; a draft token costs two looks else.
 */
export function topConfidence(row: Float32Array): { token: Token; probability: number } {
  const token = scan(row, NEGLIGIBLE_CONFIDENCE)
  const most = row[token] as number
  const floor = most - NEGLIGIBLE_CONFIDENCE
  let sum = 0
  for (let block = 0, i = 0; i < row.length; block++) {
    const end = Math.min(row.length, i + BLOCK)
    if ((largest[block] as number) > floor) {
      for (; i < end; i++) if ((row[i] as number) > floor) sum += Math.exp((row[i] as number) - most)
    }
    i = end
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
