import { logitsOf } from '../core/logits-math.ts'
import type { Cache, ForwardInput, Logits, Model } from '../core/model.ts'
import type { Token } from '../core/token.ts'
import type { NodeId, TokenTree } from '../core/token-tree.ts'
import { FakeCache } from './fake-cache.ts'

export interface FakeModelOptions {
  /** Tokens. Default 64. */
  readonly vocabSize?: number
  /** Tokens that a cache can hold. Default 512. */
  readonly contextLength?: number
  /** Tree nodes that one `forward` accepts. Default 512. */
  readonly maxBatch?: number
  /** Its caches go back to their checkpoints only, and it reads chains only. Default false. */
  readonly isRecurrent?: boolean
  /** The logits depend on so many last tokens. Default 3: texts soon repeat themselves. */
  readonly order?: number
  readonly seed?: number
  /** Share of contexts (0..1) whose logits depend on the last token only: the higher, the more phrases recur. Default 0. */
  readonly repetitiveness?: number
  /** Another model that this one agrees with on this share of contexts (0..1): a draft of that acceptance rate. */
  readonly agreesWith?: { readonly model: FakeModel; readonly rate: number }
  /** The law itself, instead of a pseudo-random one: the logits after a text, `vocabSize` of them. */
  readonly law?: (text: readonly Token[]) => ArrayLike<number>
  /** Simulated seconds of a pass over n tokens; summed in `elapsed`. */
  readonly cost?: (tokens: number) => number
}

/** A model without weights: its logits are a pure function of the last tokens. Answers in microseconds, forgives nothing. */
export class FakeModel implements Model {
  readonly vocabSize: number
  readonly contextLength: number
  readonly maxBatch: number
  readonly isRecurrent: boolean
  /** Tokens of each pass so far. */
  readonly widths: number[] = []
  /** Simulated seconds so far. */
  elapsed = 0
  /** Caches that are open: 0 in the end, or one leaked. */
  openCaches = 0
  readonly #options: FakeModelOptions
  #pass = 0

  constructor(options: FakeModelOptions = {}) {
    this.#options = options
    this.vocabSize = options.vocabSize ?? 64
    this.contextLength = options.contextLength ?? 512
    this.maxBatch = options.maxBatch ?? 512
    this.isRecurrent = options.isRecurrent ?? false
  }

  /** Passes so far. */
  get passes(): number {
    return this.widths.length
  }

  /** Tokens so far, over all passes. */
  get nodes(): number {
    return this.widths.reduce((sum, width) => sum + width, 0)
  }

  open(): Cache {
    this.openCaches++
    return new FakeCache(this)
  }

  forward(passes: readonly ForwardInput[]): readonly Logits[] {
    const width = passes.reduce((sum, { tree }) => sum + tree.size, 0)
    if (width > this.maxBatch) throw new RangeError(`at most ${this.maxBatch} tokens per pass: received ${width}`)
    if (new Set(passes.map(({ cache }) => cache)).size !== passes.length) throw new RangeError('each cache may appear once per forward')
    const caches = passes.map(({ cache }) => this.#own(cache))
    for (const [i, { tree }] of passes.entries()) caches[i]?.check(tree)
    this.widths.push(width)
    this.elapsed += this.#options.cost?.(width) ?? 0
    const pass = ++this.#pass
    return caches.map((cache, i) => {
      const { tree } = passes[i] as ForwardInput
      cache.begin(tree)
      return this.#logits([...cache.tokens], tree, () => pass === this.#pass)
    })
  }

  /** The logits after a text. */
  rowAfter(text: readonly Token[]): Float32Array {
    const { order = 3, seed = 1, repetitiveness = 0, agreesWith, law } = this.#options
    if (law) return Float32Array.from(law(text))
    let context = hash(text.slice(-order), seed)
    if (agreesWith && share(context, 7) < agreesWith.rate) return agreesWith.model.rowAfter(text)
    if (share(context, 8) < repetitiveness) context = hash(text.slice(-1), seed)
    return Float32Array.from({ length: this.vocabSize }, (_, token) => (hash([token], context) % 6000) / 1000)
  }

  #own(cache: Cache): FakeCache {
    if (!(cache instanceof FakeCache) || cache.model !== this) throw new TypeError('this cache belongs to another model')
    return cache
  }

  #logits(prefix: readonly Token[], tree: TokenTree, isFresh: () => boolean): Logits {
    const rows = new Map<NodeId, Float32Array>()
    const row = (node: NodeId): Float32Array => {
      if (!isFresh()) throw new Error('these logits are gone: another pass has run')
      if (!tree.needsLogits(node)) throw new RangeError(`the logits of node ${node} were not asked for`)
      const row = rows.get(node) ?? this.rowAfter([...prefix, ...tree.tokensTo(node)])
      rows.set(node, row)
      return row
    }
    return logitsOf(row)
  }
}

/** A pseudo-random number in [0, 1) that goes with a context. */
function share(context: number, salt: number): number {
  return (hash([context], salt) % 1000) / 1000
}

/** FNV-1a over tokens, finished with a murmur mix: 32 unsigned bits. */
function hash(tokens: readonly number[], seed: number): number {
  let state = 0x811c9dc5 ^ seed
  for (const token of tokens) state = Math.imul(state ^ token, 0x01000193) ^ (state >>> 15)
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b)
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35)
  return (state ^ (state >>> 16)) >>> 0
}
