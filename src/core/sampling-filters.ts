import { argmax } from './row-math.ts'
import type { Token } from './token.ts'

/** Tokens still in the draw with their logits, by ascending token id. */
export interface Candidates {
  readonly tokens: readonly Token[]
  readonly logits: readonly number[]
  readonly most: number
}

/** exp(-24) × 152k words is under 6e-6: tokens this far below the best (after temperature) weigh less than the logits' own rounding. */
const UNREACHABLE = 24

/** Every token that can be drawn at all. */
export function likely(row: Float32Array, temperature: number): Candidates {
  const most = row[argmax(row)] as number
  const floor = most - UNREACHABLE * Math.max(1, temperature)
  const tokens: Token[] = []
  const logits: number[] = []
  for (let token = 0; token < row.length; token++) {
    const logit = row[token] as number
    if (logit < floor) continue
    tokens.push(token)
    logits.push(logit)
  }
  return { tokens, logits, most }
}

/** `weigh(likely(row))` without a list: the usual case, on 152k words. */
export function drawFromRow(row: Float32Array, temperature: number, uniform: number): Token {
  const best = argmax(row)
  const most = row[best] as number
  const floor = most - UNREACHABLE * temperature
  let total = 0
  for (let i = 0; i < row.length; i++) {
    const logit = row[i] as number
    if (logit >= floor) total += Math.exp((logit - most) / temperature)
  }
  let left = uniform * total
  for (let i = 0; i < row.length; i++) {
    const logit = row[i] as number
    if (logit < floor) continue
    left -= Math.exp((logit - most) / temperature)
    if (left < 0) return i
  }
  return best // rounding at the very end of the sum
}

/** The `k` largest; the lower id wins a tie. */
export function keepTopK(row: Float32Array, k: number): Candidates {
  const heap: Token[] = [] // min-heap: the weakest kept token on top
  const weaker = (a: Token, b: Token) => (row[a] as number) < (row[b] as number) || (row[a] === row[b] && a > b)
  for (let token = 0; token < row.length; token++) {
    if (row[token] === Number.NEGATIVE_INFINITY) continue
    if (heap.length < k) {
      heap.push(token)
      siftUp(heap, weaker)
    } else if (weaker(heap[0] as Token, token)) {
      heap[0] = token
      siftDown(heap, weaker)
    }
  }
  const tokens = heap.sort((a, b) => a - b)
  const logits = tokens.map((token) => row[token] as number)
  return { tokens, logits, most: logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY) }
}

/** The smallest set of best tokens whose probability (before temperature) reaches `p`; at least one. */
export function keepTopP(from: Candidates, p: number): Candidates {
  const total = from.logits.reduce((sum, logit) => sum + Math.exp(logit - from.most), 0)
  // Sorting 152k words costs more than a pass: widen the band below the best until it holds enough.
  for (let band = 6; ; band *= 2) {
    const near = keep(from, (logit) => logit >= from.most - band)
    const order = near.tokens.map((_, i) => i).sort((a, b) => (near.logits[b] as number) - (near.logits[a] as number) || a - b)
    let sum = 0
    let count = 0
    while (count < order.length && sum < p * total) sum += Math.exp((near.logits[order[count++] as number] as number) - from.most)
    if (sum >= p * total || near.tokens.length === from.tokens.length) {
      const kept = order.slice(0, Math.max(1, count)).sort((a, b) => a - b)
      return { tokens: kept.map((i) => near.tokens[i] as Token), logits: kept.map((i) => near.logits[i] as number), most: from.most }
    }
  }
}

/** Tokens at least `p` times as probable as the best one (before temperature). */
export function keepMinP(from: Candidates, p: number): Candidates {
  return keep(from, (logit) => logit >= from.most + Math.log(p))
}

/** Inverse distribution function over ascending token ids, so that a tiny change of a logit rarely changes the token. */
export function weigh({ tokens, logits, most }: Candidates, temperature: number, uniform: number): Token {
  const weights = logits.map((logit) => Math.exp((logit - most) / temperature))
  let left = uniform * weights.reduce((a, b) => a + b, 0)
  for (let i = 0; i < tokens.length; i++) {
    left -= weights[i] as number
    if (left < 0) return tokens[i] as Token
  }
  return tokens[logits.indexOf(most)] as Token // rounding at the very end of the sum
}

function keep(from: Candidates, test: (logit: number) => boolean): Candidates {
  const tokens: Token[] = []
  const logits: number[] = []
  from.logits.forEach((logit, i) => {
    if (!test(logit)) return
    tokens.push(from.tokens[i] as Token)
    logits.push(logit)
  })
  return { tokens, logits, most: from.most }
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
