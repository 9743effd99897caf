import type { Logits } from '../core/model.ts'
import { TokenTree } from '../core/token-tree.ts'
import type { LlamaModel } from './llama-model.ts'
import type { Vocabulary } from './vocabulary.ts'

const TEXT =
  'The quick brown fox jumps over the lazy dog. def add(a, b): return a + b. In the year 2024, the price of 12 apples was 3.50 dollars, and'
/** Positions that are compared: the last ones of the text. */
const POSITIONS = 8
/** Mean distance of two distributions (0..1). Kernels that round otherwise come to 0.03; one that is wrong for a type of weights to 0.4 and more. */
const MOST = 0.15

/** The next-token probabilities at the text's last positions, from one wide pass and from one-token passes. */
export interface Sounding {
  readonly wide: readonly Float32Array[]
  readonly narrow: readonly Float32Array[]
}

/** Reads a short text both ways. The model must have a free cache. */
export function sound(model: LlamaModel): Sounding {
  const tokens = (model.vocabulary as Vocabulary).tokenize(TEXT, { bos: false }).slice(0, model.contextLength)
  const first = Math.max(0, tokens.length - POSITIONS)
  const cache = model.open()
  try {
    const tree = TokenTree.chain(tokens, (i) => i >= first)
    const [all] = model.forward([{ cache, tree }])
    const wide = Array.from({ length: tokens.length - first }, (_, i) => probabilities(all as Logits, first + i))
    cache.rollback(0)
    if (first > 0) {
      const before = TokenTree.chain(tokens.slice(0, first))
      model.forward([{ cache, tree: before }])
      cache.commit(before.path(before.size - 1))
    }
    const narrow = tokens.slice(first).map((token) => {
      const [one] = model.forward([{ cache, tree: TokenTree.chain([token]) }])
      const row = probabilities(one as Logits, 0)
      cache.commit([0])
      return row
    })
    return { wide, narrow }
  } finally {
    cache.close()
  }
}

/**
 * Whether an engine computes this file rightly, as far as a short text tells: passes of different width agree, and, where another
 * engine's sounding is given, with that. Some builds have kernels that are wrong for a type of weights; no draft is lossless on them.
 */
export function isSound({ wide, narrow }: Sounding, reference?: Sounding): boolean {
  return distance(wide, narrow) <= MOST && (reference === undefined || distance(narrow, reference.narrow) <= MOST)
}

/** Mean total variation distance. */
function distance(a: readonly Float32Array[], b: readonly Float32Array[]): number {
  let sum = 0
  a.forEach((row, position) => {
    row.forEach((value, token) => {
      sum += Math.abs(value - (b[position]?.[token] ?? 0)) / 2
    })
  })
  return a.length === 0 ? 0 : sum / a.length
}

function probabilities(logits: Logits, node: number): Float32Array {
  const row = logits.row(node)
  const most = row[logits.argmax(node)] as number
  const weights = row.map((logit) => Math.exp(logit - most))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return weights.map((weight) => weight / total)
}
