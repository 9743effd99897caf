import { type CostCurve, monotone } from '../core/cost-curve.ts'
import type { Logits } from '../core/model.ts'
import { uniform } from '../core/sampling/philox.ts'
import { TokenTree } from '../core/token-tree.ts'
import type { LlamaModel } from '../llama/model.ts'

/** Widths that are measured; kernels work in tiles of 4 or 8 columns, and the steps lie behind these. */
const WIDTHS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 16, 17, 24, 32, 64]
/** Beyond this one round is enough. */
const WIDE = 16
const ROUNDS = 3
/** Tokens before the passes; and before those that tell what context costs, which are read in two passes of 256. */
const CONTEXT = 32
const READ = 256
const LONG_CONTEXT = 2 * READ
const AT_LONG_CONTEXT = [1, 16]

/**
 * Measures T(n), the seconds of a pass over n tokens with the logits of each, as verification asks for them (of 256, read as a prompt is,
 * the last one's), n = 1 to 64 and 256, and what context adds: some seconds. The least of the
 * rounds counts, since noise only adds time. The model must have a free cache. `onProgress` gets the part done (0..1).
 */
export function measureCosts(model: LlamaModel, onProgress: (fraction: number) => void = () => {}): CostCurve {
  const cache = model.open()
  const tokens = Array.from({ length: LONG_CONTEXT + READ }, (_, i) => Math.floor(uniform(5, i) * Math.min(model.vocabSize, 30_000)))
  let overheadSeconds = Number.POSITIVE_INFINITY
  const run = (count: number, rows = count): number => {
    const tree = TokenTree.chain(tokens.slice(cache.length, cache.length + count), (i) => i >= count - rows)
    const [began, decoded] = [performance.now(), model.decodeMs]
    const [logits] = model.forward([{ cache, tree }])
    // Behind such tokens nothing is likely, and all the unlikely ones would be looked at, as they never are in use.
    ;(logits as Logits).math.argmax((logits as Logits).row(tree.size - 1))
    const seconds = (performance.now() - began) / 1000
    overheadSeconds = Math.min(overheadSeconds, seconds - (model.decodeMs - decoded) / 1000)
    cache.commit(tree.path(tree.size - 1))
    return seconds
  }
  /** Passes of the same width follow each other as they do in use; the first one pays for the change. */
  const measure = (width: number): number => {
    const before = cache.length
    cache.checkpoint()
    const first = run(width)
    cache.rollback(before)
    const second = run(width)
    cache.rollback(before)
    return Math.min(first, second)
  }
  const widths = WIDTHS.filter((width) => CONTEXT + width <= model.contextLength)
  const seconds = widths.map(() => Number.POSITIVE_INFINITY)
  try {
    const long = LONG_CONTEXT + READ <= model.contextLength
    const wide = long ? Math.min(run(READ, 1), run(READ, 1)) : undefined
    const both = () => AT_LONG_CONTEXT.map((width) => Math.min(measure(width), measure(width)))
    const atLength = long ? both() : []
    onProgress(0.2)
    cache.rollback(0)
    run(Math.min(CONTEXT, model.contextLength - 1), 1)
    // Right behind the others: a machine's memory is fast for some seconds, then slow.
    const atShort = long ? both() : []
    for (let round = 0; round < ROUNDS; round++) {
      for (const [i, width] of widths.entries()) {
        if (width > WIDE && round > 0) continue
        seconds[i] = Math.min(seconds[i] as number, measure(width))
        onProgress(0.2 + ((round + (i + 1) / widths.length) / ROUNDS) * 0.8)
      }
    }
    if (wide === undefined) return { widths, seconds: monotone(seconds), overheadSeconds }
    const added = atLength.map((seconds, i) => Math.max(0, seconds - (atShort[i] as number)) / (LONG_CONTEXT - CONTEXT))
    return { widths: [...widths, READ], seconds: monotone([...seconds, wide]), overheadSeconds, context: slopes(added) }
  } finally {
    cache.close()
  }
}

/** From what a token of context adds to a narrow and to a wide pass. */
function slopes([narrow = 0, wide = 0]: readonly number[]): NonNullable<CostCurve['context']> {
  const [from = 1, to = 1] = AT_LONG_CONTEXT
  const perToken = Math.max(0, (wide - narrow) / (to - from))
  return { perPass: Math.max(0, narrow - from * perToken), perToken }
}
