import koffi from 'koffi'
import { OuroborosError } from '../core/errors.ts'
import type { ForwardInput, Model } from '../core/model.ts'
import type { TokenTree } from '../core/token-tree.ts'
import type { Library, Pointer } from './library.ts'

/** Writes trees into one native `llama_batch` through views on its memory: no call per token. */
export class BatchWriter {
  /** To be given to `llama_decode`. */
  readonly struct: { n_tokens: number; [field: string]: unknown }
  /** Rows of logits asked for so far. */
  outputs = 0
  readonly #c: Library['c']
  readonly #capacity: number
  readonly #tokens: Int32Array
  readonly #positions: Int32Array
  readonly #sequenceCounts: Int32Array
  readonly #sequences: Int32Array[]
  readonly #needsLogits: Int8Array

  constructor(c: Library['c'], capacity: number, maxSequences: number) {
    this.#c = c
    this.#capacity = capacity
    const struct = c.llama_batch_init(capacity, 0, maxSequences)
    const int32s = (pointer: Pointer, count: number) => new Int32Array(koffi.view(pointer, count * 4))
    this.struct = struct
    this.#tokens = int32s(struct.token, capacity)
    this.#positions = int32s(struct.pos, capacity)
    this.#sequenceCounts = int32s(struct.n_seq_id, capacity)
    this.#needsLogits = new Int8Array(koffi.view(struct.logits, capacity))
    const lists = new BigUint64Array(koffi.view(struct.seq_id, capacity * 8))
    this.#sequences = Array.from(lists, (pointer) => int32s(pointer, maxSequences))
  }

  /** Tokens written. */
  get size(): number {
    return this.struct.n_tokens
  }

  clear(): void {
    this.struct.n_tokens = 0
    this.outputs = 0
  }

  /** Refuses what the native code would crash on or silently get wrong. */
  check(passes: readonly ForwardInput[], { vocabSize, contextLength, isRecurrent }: Model): void {
    let nodes = 0
    for (const { cache, tree } of passes) {
      nodes += tree.size
      if (tree.size === 0) throw new RangeError('a pass needs at least one token: received an empty tree')
      if (isRecurrent && !tree.isChain) throw new RangeError('a recurrent model reads chains: received a tree with branches')
      for (let node = 0; node < tree.size; node++) {
        const token = tree.token(node)
        if (!Number.isInteger(token) || token < 0 || token >= vocabSize)
          throw new RangeError(`no such token in a vocabulary of ${vocabSize}: received ${token}`)
        if (cache.length + tree.depth(node) > contextLength) {
          throw new OuroborosError(
            'E_CONTEXT',
            `a pass reaches position ${cache.length + tree.depth(node)}, the context holds ${contextLength} tokens`,
          )
        }
      }
    }
    if (nodes > this.#capacity) throw new RangeError(`at most ${this.#capacity} tokens per pass: received ${nodes}`)
    if (new Set(passes.map((pass) => pass.cache)).size !== passes.length) throw new RangeError('each cache may appear once per forward')
  }

  /** `sequencesOf` = ids of all leaves under each node. */
  write(tree: TokenTree, committed: number, sequencesOf: readonly (readonly number[])[]): void {
    for (let node = 0; node < tree.size; node++) {
      const at = this.struct.n_tokens++
      const sequences = sequencesOf[node] as readonly number[]
      this.#tokens[at] = tree.token(node)
      this.#positions[at] = committed + tree.depth(node) - 1
      this.#sequenceCounts[at] = sequences.length
      ;(this.#sequences[at] as Int32Array).set(sequences)
      this.#needsLogits[at] = tree.needsLogits(node) ? 1 : 0
      if (tree.needsLogits(node)) this.outputs++
    }
  }

  free(): void {
    this.#c.llama_batch_free(this.struct)
  }
}
