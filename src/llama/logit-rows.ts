import { ROW_MATH, type RowMath } from '../core/logits-math.ts'
import type { Logits } from '../core/model.ts'
import type { NodeId, TokenTree } from '../core/token-tree.ts'

/** The logits of one `llama_decode`, in place in native memory; unreadable after the next one. */
export class LogitRows {
  readonly #all: Float32Array
  readonly #vocabSize: number
  readonly #math: RowMath
  #expired = false

  /** `math`: the kernels', if they are there. */
  constructor(all: Float32Array, vocabSize: number, math: RowMath = ROW_MATH) {
    this.#all = all
    this.#vocabSize = vocabSize
    this.#math = math
  }

  expire(): void {
    this.#expired = true
  }

  /** One tree's rows; its first wanted node has row `first` of the batch. */
  of(tree: TokenTree, first: number): Logits {
    const rows = new Map<NodeId, number>()
    for (let node = 0; node < tree.size; node++) if (tree.needsLogits(node)) rows.set(node, first + rows.size)
    const math = this.#math
    const best = new Map<NodeId, number>()
    const row = (node: NodeId): Float32Array => {
      if (this.#expired) throw new Error('these logits are gone: another pass has run')
      const at = rows.get(node)
      if (at === undefined) throw new RangeError(`the logits of node ${node} were not asked for`)
      return this.#all.subarray(at * this.#vocabSize, (at + 1) * this.#vocabSize)
    }
    return {
      row,
      math,
      argmax: (node) => {
        const cached = best.get(node)
        if (cached !== undefined && !this.#expired) return cached
        const token = math.argmax(row(node))
        best.set(node, token)
        return token
      },
    }
  }
}
