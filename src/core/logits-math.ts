import type { Logits } from './model.ts'
import type { Token } from './token.ts'
import type { NodeId } from './token-tree.ts'

/** Tokens with their logits, by ascending token id, and the largest logit of their row. */
export interface Candidates {
  readonly tokens: ArrayLike<Token>
  readonly logits: ArrayLike<number>
  readonly most: number
}

/** Logits that `RowMath.sums` adds up to one number. */
export const SUM_BLOCK = 128

/**
 * How rows of logits are looked at. Values are only compared, so that every implementation gives the same answers; sums are within 1e-10
 * of the true ones, and no choice may depend on more of them than that. Lists are views that the next call writes over. NaN is no candidate.
 */
export interface RowMath {
  /** Index of the largest value; the lowest index wins a tie. */
  argmax(row: Float32Array): Token
  /** All tokens whose logits are at least the largest one minus `band`. */
  near(row: Float32Array, band: number): Candidates
  /** The `count` largest by ascending id, fewer if fewer are above -Infinity; the lower id wins a tie. */
  top(row: Float32Array, count: number): ArrayLike<Token>
  /** For each `SUM_BLOCK` logits the sum of exp((logit - most) / temperature) over those that are at least `most - band`. `most`: the row's largest. */
  sums(row: Float32Array, most: number, band: number, temperature: number): Float64Array
}

/** exp(-30) × 152k tokens is under 2e-8: smaller logits than this below the maximum do not change a probability. */
const NEGLIGIBLE = 30
/** Enough for a confidence, which is compared with what drafts of such confidence came to. */
const NEGLIGIBLE_CONFIDENCE = 12

/** log(sum(exp(row))), without what cannot matter. */
export function logSumExp(math: RowMath, row: Float32Array): number {
  const most = row[math.argmax(row)] as number
  return most + Math.log(math.sums(row, most, NEGLIGIBLE, 1).reduce((sum, one) => sum + one, 0))
}

/** A token and its probability, 0..1. */
export interface Choice {
  readonly token: Token
  readonly probability: number
}

/**
 * The row's most likely token (lowest index wins a tie), its probability, which is the draft model's own confidence, and the second most
 * likely one. Terms below exp(-12) are left out, so that few exponentials are enough.
 */
export function topConfidence(math: RowMath, row: Float32Array): Choice & { readonly runnerUp?: Choice } {
  const { tokens, logits, most } = math.near(row, NEGLIGIBLE_CONFIDENCE)
  const floor = most - NEGLIGIBLE_CONFIDENCE
  let token: Token | undefined
  let second: Token | undefined
  let secondLogit = floor
  let sum = 0
  for (let i = 0; i < tokens.length; i++) {
    const logit = logits[i] as number
    if (logit > floor) sum += Math.exp(logit - most)
    if (logit === most && token === undefined) token = tokens[i]
    else if (logit > secondLogit) [second, secondLogit] = [tokens[i], logit]
  }
  const runnerUp = second === undefined ? undefined : { token: second, probability: Math.exp(secondLogit - most) / sum }
  return { token: token ?? 0, probability: 1 / sum, ...(runnerUp && { runnerUp }) }
}

/** The `count` most likely tokens, best first, with their logits. */
export function topTokens(math: RowMath, row: Float32Array, count: number): { token: Token; logit: number }[] {
  const best = Array.from(math.top(row, count), (token) => ({ token, logit: row[token] as number }))
  return best.sort((a, b) => b.logit - a.logit || a.token - b.token)
}

/** Rows in the computer's memory as a pass's result. */
export function logitsOf(row: (node: NodeId) => Float32Array, math = ROW_MATH): Logits {
  return { row, argmax: (node) => math.argmax(row(node)), math }
}

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

/** Below a band by so much: what a passed-over block counts as. */
const BELOW = 0.01

function near(row: Float32Array, band: number): Candidates {
  const most = row[scan(row, band + BELOW)] as number
  const floor = most - band
  const tokens: Token[] = []
  const logits: number[] = []
  for (let block = 0, i = 0; i < row.length; block++) {
    const end = Math.min(row.length, i + BLOCK)
    if ((largest[block] as number) >= floor) {
      for (; i < end; i++) {
        if (!((row[i] as number) >= floor)) continue
        tokens.push(i)
        logits.push(row[i] as number)
      }
    }
    i = end
  }
  return { tokens, logits, most }
}

function top(row: Float32Array, count: number): Token[] {
  const heap: Token[] = [] // min-heap: the weakest kept token on top
  const weaker = (a: Token, b: Token) => (row[a] as number) < (row[b] as number) || (row[a] === row[b] && a > b)
  for (let token = 0; token < row.length; token++) {
    if (!((row[token] as number) > Number.NEGATIVE_INFINITY)) continue
    if (heap.length < count) {
      heap.push(token)
      siftUp(heap, weaker)
    } else if (weaker(heap[0] as Token, token)) {
      heap[0] = token
      siftDown(heap, weaker)
    }
  }
  return heap.sort((a, b) => a - b)
}

function sums(row: Float32Array, most: number, band: number, temperature: number): Float64Array {
  const floor = most - band
  const result = new Float64Array(Math.ceil(row.length / SUM_BLOCK))
  for (let i = 0; i < row.length; i++) {
    const logit = row[i] as number
    if (logit >= floor) (result[Math.floor(i / SUM_BLOCK)] as number) += Math.exp((logit - most) / temperature)
  }
  return result
}

function siftUp(heap: Token[], weaker: (a: Token, b: Token) => boolean): void {
  let at = heap.length - 1
  while (at > 0) {
    const parent = (at - 1) >> 1
    if (!weaker(heap[at] as Token, heap[parent] as Token)) return
    swap(heap, at, parent)
    at = parent
  }
}

function siftDown(heap: Token[], weaker: (a: Token, b: Token) => boolean): void {
  for (let at = 0; ; ) {
    let least = at
    for (const child of [2 * at + 1, 2 * at + 2]) {
      if (child < heap.length && weaker(heap[child] as Token, heap[least] as Token)) least = child
    }
    if (least === at) return
    swap(heap, at, least)
    at = least
  }
}

function swap(heap: Token[], a: number, b: number): void {
  const kept = heap[a] as Token
  heap[a] = heap[b] as Token
  heap[b] = kept
}

/** In JavaScript, for platforms without kernels of our own. */
export const ROW_MATH: RowMath = { argmax: (row) => scan(row, 0), near, top, sums }
