import type { RowMath } from './logits-math.ts'
import type { Token } from './token.ts'
import type { NodeId, TokenTree } from './token-tree.ts'

/** A language model as the algorithm sees it. Implementations: `FakeModel` (tests) and libllama. */
export interface Model {
  /** Number of logits per row, in tokens. */
  readonly vocabSize: number
  /** Most tokens that one cache can hold, committed prefix and pending tree's deepest path together. */
  readonly contextLength: number
  /** Most tree nodes that one `forward` accepts, over all its inputs. */
  readonly maxBatch: number
  /**
   * Its memory is a running state, as in Mamba, or has one beside the attention's, as in Qwen3.5, LFM2 and Granite hybrids: a pass
   * reads one chain per cache, and a cache goes back to its checkpoint or to 0 only.
   */
  readonly isRecurrent: boolean
  /** A new, empty cache: one session's view of this model. */
  open(): Cache
  /**
   * Runs the trees of several sessions in one pass. Each cache may appear once.
   * Afterwards every tree is pending in its cache until `commit` or `rollback`.
   * The result is valid until the next `forward` of this model.
   */
  forward(inputs: readonly ForwardInput[]): readonly Logits[]
}

/** "Run this tree on that cache's model": what drafting and verification yield to the driver. */
export interface ForwardInput {
  readonly cache: Cache
  /** Hangs from the cache's committed prefix. At least one node. */
  readonly tree: TokenTree
  /** A chunk of a prompt: other sessions' answers go before it. */
  readonly prompt?: boolean
}

/** One session's key-value cache: a committed prefix and, after a forward, one pending tree. */
export interface Cache {
  readonly model: Model
  /** Committed tokens. */
  readonly length: number
  /**
   * Keeps the pending tree's nodes on `path` (a chain from a root of the tree downwards; may be empty), drops its other nodes.
   * A recurrent model keeps all of them or goes back to its checkpoint: `length` tells.
   */
  commit(path: readonly NodeId[]): void
  /** The longest beginning of at most `length` committed tokens that can be gone back to or adopted: that many, unless the model is recurrent. */
  reachable(length: number): number
  /** From now on a recurrent model can come back to the committed tokens, instead of to an earlier checkpoint; others need none. */
  checkpoint(): void
  /** Becomes the first `length` committed tokens, a reachable number, of another cache of this model, without computing them again. */
  adopt(from: Cache, length: number): void
  /** Drops a pending tree and all committed tokens beyond `length`, a reachable number. */
  rollback(length: number): void
  close(): void
}

/** Next-token logits of one pass, for the nodes that need them. */
export interface Logits {
  /** The most likely next token after this node (lowest id wins a tie). */
  argmax(node: NodeId): Token
  /** The logits after this node: `vocabSize` floats, a view: do not write, do not keep. */
  row(node: NodeId): Float32Array
  /** How such rows are looked at: `ROW_MATH`, or native functions that give the same answers. */
  readonly math: RowMath
}

/** Answers one session's passes, one at a time: the plainest driver. The scheduler joins many. */
export function drive<T>(steps: Generator<ForwardInput, T, Logits>): T {
  let next = steps.next()
  while (!next.done) {
    const pass = next.value
    const [logits] = pass.cache.model.forward([pass])
    next = steps.next(logits as Logits)
  }
  return next.value
}
