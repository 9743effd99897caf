import { type Candidates, type RowMath, SUM_BLOCK } from '../logits-math.ts'
import type { Token } from '../token.ts'

/** exp(-24) × 152k tokens is under 6e-6: tokens this far below the best (after temperature) weigh less than the logits' own rounding. */
const UNREACHABLE = 24

/** Sums of different machines differ by less than this part of the total. A choice that is closer than that is made the slow way. */
const SLACK = 1e-9

/** Draws from the whole row. */
export function draw(math: RowMath, row: Float32Array, temperature: number, uniform: number): Token {
  const band = UNREACHABLE * temperature
  return drawByBlocks(math, row, band, temperature, uniform) ?? weigh(math.near(row, band), temperature, uniform)
}

/** What `weigh` draws, without a look at most of the row; undefined: too close to tell. */
function drawByBlocks(math: RowMath, row: Float32Array, band: number, temperature: number, uniform: number): Token | undefined {
  const most = row[math.argmax(row)] as number
  const sums = math.sums(row, most, band, temperature)
  const total = add(sums)
  if (!(total > 0.5)) return undefined // the best token weighs 1: these are no numbers to count with
  const slack = total * SLACK
  let left = uniform * total
  let block = 0
  while (left - (sums[block] as number) > slack) left -= sums[block++] as number
  if (!(left - (sums[block] as number) < -slack)) return undefined
  const floor = most - band
  for (let token = block * SUM_BLOCK; token < row.length; token++) {
    const logit = row[token] as number
    if (!(logit >= floor)) continue
    left -= Math.exp((logit - most) / temperature)
    if (left < -slack) return token
    if (!(left > slack)) return undefined
  }
  return undefined
}

/** The `k` largest; the lower id wins a tie. */
export function keepTopK(math: RowMath, row: Float32Array, k: number): Candidates {
  const tokens = math.top(row, k)
  return { tokens, logits: Array.from(tokens, (token) => row[token] as number), most: row[math.argmax(row)] as number }
}

/** The smallest set of the row's best tokens whose probability (before temperature) reaches `p`; at least one. */
export function keepNucleus(math: RowMath, row: Float32Array, temperature: number, p: number): Candidates {
  const lowest = UNREACHABLE * Math.max(1, temperature)
  const most = row[math.argmax(row)] as number
  const near = (band: number) => math.near(row, band)
  const total = add(math.sums(row, most, lowest, 1))
  const quick = total > 0.5 ? nucleus(near, lowest, total, p, total * SLACK) : undefined // as above
  return quick ?? (nucleus(near, lowest, weightOf(near(lowest)), p, 0) as Candidates)
}

/** The same of a short list. */
export function keepTopP(from: Candidates, p: number): Candidates {
  const near = (band: number) => keep(from, (logit) => logit >= from.most - band)
  return nucleus(near, Number.POSITIVE_INFINITY, weightOf(from), p, 0) as Candidates
}

/** Undefined: some choice is closer than `slack`. No candidate is further than `lowest` from the best one. */
function nucleus(near: (band: number) => Candidates, lowest: number, total: number, p: number, slack: number): Candidates | undefined {
  const wanted = p * total
  // Sorting 152k tokens costs more than a pass: widen the band below the best until it holds enough.
  for (let band = 6; ; band *= 2) {
    const { tokens, logits, most } = near(Math.min(band, lowest))
    const order = new Uint32Array(tokens.length)
    for (let i = 0; i < order.length; i++) order[i] = i
    order.sort((a, b) => (logits[b] as number) - (logits[a] as number) || a - b)
    let sum = 0
    let count = 0
    for (; count < order.length && sum < wanted; count++) {
      if (wanted - sum <= slack) return undefined
      sum += Math.exp((logits[order[count] as number] as number) - most)
    }
    if (sum >= wanted && sum - wanted < slack) return undefined
    if (sum >= wanted || band >= lowest) {
      const kept = [...order.subarray(0, Math.max(1, count))].sort((a, b) => a - b)
      return { tokens: kept.map((i) => tokens[i] as Token), logits: kept.map((i) => logits[i] as number), most }
    }
  }
}

/** Tokens at least `p` times as probable as the best one (before temperature). */
export function keepMinP(from: Candidates, p: number): Candidates {
  return keep(from, (logit) => logit >= from.most + Math.log(p))
}

/** The same of a row: a view. */
export function keepNear(math: RowMath, row: Float32Array, temperature: number, p: number): Candidates {
  return math.near(row, Math.min(-Math.log(p), UNREACHABLE * Math.max(1, temperature)))
}

/** Inverse distribution function over ascending token ids, so that a tiny change of a logit rarely changes the token. */
export function weigh({ tokens, logits, most }: Candidates, temperature: number, uniform: number): Token {
  const weights = new Float64Array(logits.length)
  for (let i = 0; i < weights.length; i++) weights[i] = Math.exp(((logits[i] as number) - most) / temperature)
  let left = uniform * add(weights)
  for (let i = 0; i < tokens.length; i++) {
    left -= weights[i] as number
    if (left < 0) return tokens[i] as Token
  }
  return tokens[Array.from(logits).indexOf(most)] as Token // rounding at the very end of the sum
}

function weightOf({ logits, most }: Candidates): number {
  let sum = 0
  for (let i = 0; i < logits.length; i++) sum += Math.exp((logits[i] as number) - most)
  return sum
}

function add(numbers: Float64Array): number {
  let sum = 0
  for (let i = 0; i < numbers.length; i++) sum += numbers[i] as number
  return sum
}

function keep(from: Candidates, test: (logit: number) => boolean): Candidates {
  const tokens: Token[] = []
  const logits: number[] = []
  for (let i = 0; i < from.tokens.length; i++) {
    if (!test(from.logits[i] as number)) continue
    tokens.push(from.tokens[i] as Token)
    logits.push(from.logits[i] as number)
  }
  return { tokens, logits, most: from.most }
}
