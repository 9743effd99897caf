import type { Token } from './token.ts'

/** exp(-30) × 152k words is under 2e-8: smaller logits than this below the maximum do not change a probability. */
const NEGLIGIBLE = 30
/** exp(-20) × 152k words is under 4e-4: enough for a confidence, and five times faster, since few words come so near. */
const NEGLIGIBLE_CONFIDENCE = 20

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
export function logSumExp(row: Float32Array, most: number, negligible = NEGLIGIBLE): number {
  const floor = most - negligible
  let sum = 0
  for (let i = 0; i < row.length; i++) {
    const value = row[i] as number
    if (value > floor) sum += Math.exp(value - most)
  }
  return most + Math.log(sum)
}

/** Probability of the row's most likely token: the draft model's own confidence. */
export function topProbability(row: Float32Array, top: Token): number {
  const most = row[top] as number
  return Math.exp(most - logSumExp(row, most, NEGLIGIBLE_CONFIDENCE))
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
