import type { Cache, ForwardInput, Logits } from './model.ts'
import type { Token } from './token.ts'
import { type NodeId, TokenTree } from './token-tree.ts'

/** First tokens of a text that are always read: attention leans on them (Xiao et al., 2309.17453). */
export const SINKS = 4

/**
 * A cache that knows its tokens, so that the next prompt (or a corrected draft) reuses the longest common prefix. It may hold a part of the
 * text, as if nothing stood before it: a pure function of the text and `start`, so that the common prefix is one of both.
 */
export class CachedSequence {
  readonly cache: Cache
  /** Of a text its first tokens are read, and those from here on; 0 = everything. */
  start = 0
  readonly #chunk: () => number
  readonly #tokens: Token[] = []
  #settled = Number.POSITIVE_INFINITY

  /** `chunk` = most tokens per pass while catching up with a prefix. */
  constructor(cache: Cache, chunk: number | (() => number) = 256) {
    this.cache = cache
    this.#chunk = typeof chunk === 'number' ? () => chunk : chunk
  }

  /** Tokens committed. */
  get length(): number {
    return this.cache.length
  }

  /** Tokens that are left out of a text. */
  get skipped(): number {
    return Math.max(0, this.start - SINKS)
  }

  /** So many tokens of the text are not guesses: a recurrent model's cache comes back to them. Default: all that is committed. */
  settle(length: number): void {
    this.#settled = length
  }

  /** How much of what is read of `prefix` is cached and can be gone on from; its last token never counts, since its logits must be computed again. */
  common(prefix: readonly Token[]): number {
    const { skipped } = this
    const most = Math.min(this.length, prefix.length - skipped - 1)
    let at = 0
    while (at < most && this.#tokens[at] === prefix[at < SINKS ? at : at + skipped]) at++
    return this.cache.reachable(at)
  }

  /** Drops what is behind the first `most` tokens of the text. */
  truncate(most: number): void {
    const keep = Math.max(Math.min(most, SINKS), most - this.skipped)
    if (keep < this.length) this.#keep(this.cache.reachable(keep))
  }

  /** Drops what is not a prefix of `prefix`; returns the tokens that are still to be sent, at least one. */
  align(prefix: readonly Token[]): Token[] {
    const keep = this.common(prefix)
    this.#keep(keep)
    this.#checkpoint()
    return this.#part(prefix).slice(keep)
  }

  /** Takes over what another text has of `prefix`, if that is more. */
  adopt(from: CachedSequence, prefix: readonly Token[]): void {
    const length = from.common(prefix)
    if (length <= this.common(prefix)) return
    this.cache.adopt(from.cache, length)
    this.start = from.start
    this.#tokens.splice(0, this.#tokens.length, ...this.#part(prefix).slice(0, length))
    this.#checkpoint()
  }

  /** Like `align`, but sends all chunks before the last one, which leaves room for `extraNodes` more nodes in its pass. */
  *catchUp(prefix: readonly Token[], extraNodes = 0): Generator<ForwardInput, Token[], Logits> {
    const { maxBatch } = this.cache.model
    const chunk = this.#chunk()
    const last = Math.min(chunk, maxBatch - extraNodes)
    let pending = this.align(prefix)
    while (pending.length > last) {
      const tree = TokenTree.chain(pending.slice(0, Math.min(chunk, maxBatch, pending.length - 1)))
      yield { cache: this.cache, tree, prompt: true }
      this.commit(tree, tree.size - 1)
      pending = pending.slice(tree.size)
    }
    return pending
  }

  /** Keeps the path down to `node` of the pending tree, or as much of it as a recurrent model can. */
  commit(tree: TokenTree, node: NodeId): void {
    const path = tree.path(node)
    this.#tokens.length = this.length
    this.cache.commit(path)
    for (const at of path) this.#tokens.push(tree.token(at))
    this.#tokens.length = this.length
    this.#checkpoint()
  }

  close(): void {
    this.cache.close()
  }

  #keep(length: number): void {
    this.cache.rollback(length)
    this.#tokens.length = length
  }

  /** What is read of a text. */
  #part(text: readonly Token[]): readonly Token[] {
    return this.skipped === 0 ? text : [...text.slice(0, SINKS), ...text.slice(this.start)]
  }

  #checkpoint(): void {
    if (this.length + this.skipped <= this.#settled) this.cache.checkpoint()
  }
}
