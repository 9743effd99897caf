import type { Cache } from './model.ts'
import type { Token } from './token.ts'
import type { NodeId, TokenTree } from './token-tree.ts'

/** A cache that knows its tokens, so that the next prompt (or a corrected draft) reuses the longest common prefix. */
export class CachedText {
  readonly cache: Cache
  readonly #tokens: Token[] = []

  constructor(cache: Cache) {
    this.cache = cache
  }

  /** Tokens committed. */
  get length(): number {
    return this.#tokens.length
  }

  /** How much of `prefix` is cached; its last token never counts, since its logits must be computed again. */
  common(prefix: readonly Token[]): number {
    const most = Math.min(this.#tokens.length, prefix.length - 1)
    let at = 0
    while (at < most && this.#tokens[at] === prefix[at]) at++
    return at
  }

  /** Drops what is not a prefix of `prefix`; returns the tokens that are still to be sent, at least one. */
  align(prefix: readonly Token[]): Token[] {
    const keep = this.common(prefix)
    this.cache.rollback(keep)
    this.#tokens.length = keep
    return prefix.slice(keep)
  }

  /** Keeps the path down to `node` of the pending tree. */
  commit(tree: TokenTree, node: NodeId): void {
    const path = tree.path(node)
    this.cache.commit(path)
    for (const at of path) this.#tokens.push(tree.token(at))
  }

  close(): void {
    this.cache.close()
  }
}
