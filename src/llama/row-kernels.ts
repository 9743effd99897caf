import type koffi from 'koffi'
import { type RowMath, SUM_BLOCK } from '../core/logits-math.ts'

/** Candidates that most rows have fewer of. */
const FEW = 4096

/**
 * The row functions of the kernel library: they read rows where they are, in native memory or in JavaScript's. One object per thread,
 * since its buffers are written over by each call.
 */
export function declareRowKernels(library: ReturnType<typeof koffi.load>): RowMath {
  const argmaxOf = library.func('int32_t ouroboros_rows_argmax(const float *row, int32_t size)')
  const nearOf = library.func(
    'int32_t ouroboros_rows_near(const float *row, int32_t size, double bound, _Out_ int32_t *tokens, _Out_ float *logits, int32_t capacity)',
  )
  const topOf = library.func('int32_t ouroboros_rows_top(const float *row, int32_t size, int32_t count, _Out_ int32_t *tokens)')
  const sumsOf = library.func(
    'void ouroboros_rows_sums(const float *row, int32_t size, double most, double bound, double temperature, _Out_ double *sums)',
  )
  let tokens = new Int32Array(FEW)
  let logits = new Float32Array(FEW)
  let sums = new Float64Array(0)

  const argmax = (row: Float32Array): number => argmaxOf(row, row.length)
  return {
    argmax,
    near(row, band) {
      const most = row[argmax(row)] as number
      const collect = (): number => nearOf(row, row.length, most - band, tokens, logits, tokens.length)
      let count = collect()
      if (count > tokens.length) {
        tokens = new Int32Array(row.length)
        logits = new Float32Array(row.length)
        count = collect()
      }
      return { tokens: tokens.subarray(0, count), logits: logits.subarray(0, count), most }
    },
    top(row, count) {
      const most = Math.min(count, row.length)
      const best = new Int32Array(most)
      return best.subarray(0, topOf(row, row.length, most, best)).sort()
    },
    sums(row, most, band, temperature) {
      const count = Math.ceil(row.length / SUM_BLOCK)
      if (sums.length !== count) sums = new Float64Array(count)
      sumsOf(row, row.length, most, most - band, temperature, sums)
      return sums
    },
  }
}
