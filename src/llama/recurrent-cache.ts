import type { NodeId, TokenTree } from '../core/token-tree.ts'
import { LlamaCache } from './cache.ts'

/**
 * The cache of a recurrent or hybrid model: its state cannot drop tokens. A second sequence holds the checkpoint. Both share one
 * state until the base reads on, when the library writes it to a new place; so a checkpoint costs nothing but its memory.
 */
export class RecurrentCache extends LlamaCache {
  readonly #saved: number
  /** Tokens of the checkpoint; 0 = none, since an empty state needs no copy. */
  #checkpoint = 0

  constructor(...[model, base, ids, memory]: ConstructorParameters<typeof LlamaCache>) {
    super(model, base, ids, memory)
    this.#saved = (ids.takeBranches(1) as number[])[0] as number
  }

  begin(tree: TokenTree): readonly (readonly number[])[] {
    this.alive()
    if (this.reachable(this.length) < this.length) throw new Error('a pass is pending, and there is no checkpoint before it')
    if (this.tree) this.rollback(this.length)
    this.tree = tree
    return Array.from({ length: tree.size }, () => [this.base])
  }

  reachable(length: number): number {
    if (length >= this.committed && !this.tree) return this.committed
    return length >= this.#checkpoint ? this.#checkpoint : 0
  }

  checkpoint(): void {
    this.alive()
    if (this.tree) throw new Error('no checkpoint while a tree is pending')
    if (this.#checkpoint === this.committed) return
    this.memory.remove(this.#saved, -1)
    this.memory.copy(this.base, this.#saved, -1, -1)
    this.#checkpoint = this.committed
  }

  protected keep(path: readonly NodeId[], tree: TokenTree): void {
    if (path.length < tree.size) this.rollback(this.reachable(this.committed))
    else this.committed += path.length
  }

  protected share(from: this, length: number): void {
    this.memory.copy(length === from.#checkpoint ? from.#saved : from.base, this.base, -1, -1)
  }

  protected goBack(length: number): void {
    if (length === this.committed && !this.tree) return
    this.memory.remove(this.base, -1)
    if (length > 0) this.memory.copy(this.#saved, this.base, -1, -1)
    else if (this.#checkpoint > 0) {
      this.memory.remove(this.#saved, -1)
      this.#checkpoint = 0
    }
  }

  protected override returnIds(): void {
    super.returnIds()
    this.ids.returnBranches([this.#saved])
  }
}
