import { uniform } from '../core/random.ts'
import type { ExactLimits } from '../core/session.ts'
import { TokenTree } from '../core/token-tree.ts'
import type { LlamaModel } from './llama-model.ts'

/** Widths of a pass that are compared with one-token passes; the last stands for prompt chunks. */
const WIDTHS = [2, 3, 4, 8, 16, 32, 256]
const WIDEST = Math.max(...WIDTHS)
/** Tokens before the passes: llama.cpp's attention changes its path at 256 (512 cells). */
const CONTEXTS = [8, 300]
/** Positions compared. */
const POSITIONS = 32

/** For which widths a model's passes compute the same bits as one-token passes. */
export interface Exactness {
  readonly equal: readonly number[]
  readonly different: readonly number[]
}

/**
 * Measures it, bit by bit, at a short and a long context: some seconds. The model must have a free cache.
 * `untilDifferent`: ends at the first difference, when only full equality is of use.
 */
export function probeExactness(model: LlamaModel, untilDifferent = false): Exactness {
  const different = new Set<number>()
  const tokens = Array.from({ length: Math.max(...CONTEXTS) + WIDEST }, (_, i) => Math.floor(uniform(3, i) * model.vocabSize))
  const cache = model.open()
  const run = (from: number, count: number, rows: number): Float32Array[] => {
    const tree = TokenTree.chain(tokens.slice(from, from + count), (i) => i < rows)
    const [logits] = model.forward([{ cache, tree }])
    const copies = Array.from({ length: Math.min(rows, count) }, (_, node) => Float32Array.from(logits?.row(node) ?? []))
    cache.commit(tree.path(tree.size - 1))
    return copies
  }
  try {
    for (const context of CONTEXTS.filter((length) => length + POSITIONS <= model.contextLength)) {
      cache.rollback(0)
      run(0, context, 1)
      const plain = Array.from({ length: POSITIONS }, (_, i) => run(context + i, 1, 1)[0] as Float32Array)
      for (const width of WIDTHS) {
        if (context + width > model.contextLength) continue
        cache.rollback(context)
        if (!run(context, width, POSITIONS).every((row, i) => same(row, plain[i] as Float32Array))) different.add(width)
        if (different.size > 0 && untilDifferent) return exactness(different)
      }
    }
  } finally {
    cache.close()
  }
  return exactness(different)
}

function exactness(different: ReadonlySet<number>): Exactness {
  return { equal: WIDTHS.filter((width) => !different.has(width)), different: WIDTHS.filter((width) => different.has(width)) }
}

/** What a session may send; undefined: nothing beyond one token is exact. */
export function exactLimits({ different }: Exactness): ExactLimits | undefined {
  const first = different[0]
  if (first === undefined) return { width: WIDEST, anyPrompt: true }
  const below = WIDTHS.filter((width) => width < first).at(-1)
  return below === undefined ? undefined : { width: below, anyPrompt: false }
}

function same(a: Float32Array, b: Float32Array): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i])
}
