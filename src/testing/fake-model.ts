import type { Cache, Logits, Model, Pass } from '../core/model.ts'
import { argmax } from '../core/row-math.ts'
import type { Token } from '../core/token.ts'
import { type NodeId, ROOT, type TokenTree } from '../core/token-tree.ts'

export interface FakeModelOptions {
  /** Words. Default 64. */
  readonly vocabSize?: number
  readonly contextLength?: number
  readonly maxBatch?: number
  /** The logits depend on so many last tokens. Default 3: texts soon repeat themselves. */
  readonly order?: number
  readonly seed?: number
  /** Another model that this one agrees with on this share of contexts (0..1): a draft of known acceptance. */
  readonly agreesWith?: { readonly model: FakeModel; readonly rate: number }
  /** Simulated seconds of a pass over n tokens; summed in `elapsed`. */
  readonly cost?: (tokens: number) => number
}

/** A model without weights: its logits are a pure function of the last tokens. Answers in microseconds, forgives nothing. */
export class FakeModel implements Model {
  readonly vocabSize: number
  readonly contextLength: number
  readonly maxBatch: number
  /** Tokens of each pass so far. */
  readonly widths: number[] = []
  /** Simulated seconds so far. */
  elapsed = 0
  /** Caches that are open. */
  openCaches = 0
  readonly #options: FakeModelOptions
  #pass = 0

  constructor(options: FakeModelOptions = {}) {
    this.#options = options
    this.vocabSize = options.vocabSize ?? 64
    this.contextLength = options.contextLength ?? 512
    this.maxBatch = options.maxBatch ?? 512
  }

  open(): Cache {
    this.openCaches++
    return new FakeCache(this)
  }

  forward(passes: readonly Pass[]): readonly Logits[] {
    const width = passes.reduce((sum, { tree }) => sum + tree.size, 0)
    if (width > this.maxBatch) throw new RangeError(`at most ${this.maxBatch} tokens per pass: received ${width}`)
    if (new Set(passes.map(({ cache }) => cache)).size !== passes.length) throw new RangeError('each cache may appear once per forward')
    this.widths.push(width)
    this.elapsed += this.#options.cost?.(width) ?? 0
    const pass = ++this.#pass
    return passes.map(({ cache, tree }) => {
      if (!(cache instanceof FakeCache) || cache.model !== this) throw new TypeError('this cache belongs to another model')
      return this.#logits(cache.begin(tree), tree, () => pass === this.#pass)
    })
  }

  /** The logits after a text. */
  rowAfter(text: readonly Token[]): Float32Array {
    const context = hash(text.slice(-(this.#options.order ?? 3)), this.#options.seed ?? 1)
    const { agreesWith } = this.#options
    if (agreesWith && (hash([context], 7) % 1000) / 1000 < agreesWith.rate) return agreesWith.model.rowAfter(text)
    return Float32Array.from({ length: this.vocabSize }, (_, token) => (hash([token], context) % 6000) / 1000)
  }

  #logits(prefix: readonly Token[], tree: TokenTree, isFresh: () => boolean): Logits {
    const rows = new Map<NodeId, Float32Array>()
    const row = (node: NodeId): Float32Array => {
      if (!isFresh()) throw new Error('these logits are gone: another pass has run')
      if (!tree.wanted(node)) throw new RangeError(`the logits of node ${node} were not asked for`)
      const known = rows.get(node) ?? this.rowAfter([...prefix, ...tree.tokensTo(node)])
      rows.set(node, known)
      return known
    }
    return { row, argmax: (node) => argmax(row(node)) }
  }
}

class FakeCache implements Cache {
  readonly model: FakeModel
  readonly #tokens: Token[] = []
  #pending: TokenTree | undefined
  #closed = false

  constructor(model: FakeModel) {
    this.model = model
  }

  get length(): number {
    return this.#tokens.length
  }

  begin(tree: TokenTree): readonly Token[] {
    this.#alive()
    if (tree.size === 0) throw new RangeError('a pass needs at least one token: received an empty tree')
    for (let node = 0; node < tree.size; node++) {
      const token = tree.token(node)
      if (!(token >= 0 && token < this.model.vocabSize))
        throw new RangeError(`no such token in a vocabulary of ${this.model.vocabSize}: received ${token}`)
      if (this.length + tree.depth(node) > this.model.contextLength) {
        throw new RangeError(
          `a pass reaches position ${this.length + tree.depth(node)}, the context holds ${this.model.contextLength} tokens`,
        )
      }
    }
    this.#pending = tree
    return [...this.#tokens]
  }

  commit(path: readonly NodeId[]): void {
    this.#alive()
    const tree = this.#pending
    if (!tree) throw new Error('nothing to commit: no tree is pending')
    path.forEach((node, i) => {
      if (tree.parent(node) !== (i === 0 ? ROOT : path[i - 1])) throw new RangeError(`not a path of the pending tree: ${path.join(' ')}`)
    })
    this.#tokens.push(...path.map((node) => tree.token(node)))
    this.#pending = undefined
  }

  rollback(length: number): void {
    this.#alive()
    if (!Number.isInteger(length) || length < 0 || length > this.length)
      throw new RangeError(`cannot roll back ${this.length} tokens to ${length}`)
    this.#pending = undefined
    this.#tokens.length = length
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.model.openCaches--
  }

  #alive(): void {
    if (this.#closed) throw new Error('this cache is closed')
  }
}

/** FNV-1a over words, finished with a murmur mix: 32 unsigned bits. */
function hash(words: readonly number[], seed: number): number {
  let state = 0x811c9dc5 ^ seed
  for (const word of words) state = Math.imul(state ^ word, 0x01000193) ^ (state >>> 15)
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b)
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35)
  return (state ^ (state >>> 16)) >>> 0
}
