import { OuroborosError } from '../core/errors.ts'
import type { Cache } from '../core/model.ts'
import { type NodeId, ROOT, type TokenTree } from '../core/token-tree.ts'
import type { LlamaModel } from './model.ts'
import type { SequenceIds } from './sequence-ids.ts'

/** The native cache's operations on sequences. */
export interface SequenceMemory {
  /** Drops a sequence's cells from this position on. */
  remove(sequence: number, from: number): void
  /** Lets `to` share the cells that `from` has at positions start..end-1; -1 = to the end. */
  copy(from: number, to: number, start: number, end: number): void
  closed(cache: LlamaCache): void
}

/** One session's cells: the committed prefix is the base sequence. */
export abstract class LlamaCache implements Cache {
  readonly model: LlamaModel
  protected readonly base: number
  protected readonly ids: SequenceIds
  protected readonly memory: SequenceMemory
  /** Committed tokens. */
  protected committed = 0
  protected tree: TokenTree | undefined
  #closed = false

  constructor(model: LlamaModel, base: number, ids: SequenceIds, memory: SequenceMemory) {
    this.model = model
    this.base = base
    this.ids = ids
    this.memory = memory
  }

  get length(): number {
    return this.committed
  }

  /** Makes `tree` pending; returns each node's sequence ids. `isPrompt`: it is a chunk of a prompt, and more follow. */
  abstract begin(tree: TokenTree, isPrompt: boolean): readonly (readonly number[])[]
  abstract reachable(length: number): number
  abstract checkpoint(): void
  /** Drops a pending tree, and the committed tokens beyond a length that was checked. */
  protected abstract goBack(length: number): void
  protected abstract keep(path: readonly NodeId[], tree: TokenTree): void
  protected abstract share(from: this, length: number): void

  commit(path: readonly NodeId[]): void {
    this.alive()
    const { tree } = this
    if (!tree) throw new Error('nothing to commit: no tree is pending')
    path.forEach((node, i) => {
      if (tree.parent(node) !== (i === 0 ? ROOT : path[i - 1])) throw new RangeError(`not a path of the pending tree: ${path.join(' ')}`)
    })
    this.keep(path, tree)
    this.tree = undefined
  }

  /** The cells are shared, not copied. */
  adopt(from: Cache, length: number): void {
    this.alive()
    if (!(from instanceof LlamaCache) || from.model !== this.model) throw new TypeError('this cache belongs to another model')
    if (length > from.length) throw new RangeError(`cannot take ${length} tokens from a cache of ${from.length}`)
    if (from.reachable(length) !== length) throw new RangeError(`cannot take ${length} tokens: no checkpoint is there`)
    if (from === this) return
    this.rollback(0)
    if (length > 0) this.share(from as this, length)
    this.committed = length
  }

  rollback(length: number): void {
    this.alive()
    if (!Number.isInteger(length) || length < 0 || length > this.committed)
      throw new RangeError(`cannot roll back ${this.committed} tokens to ${length}`)
    if (this.reachable(length) !== length) throw new RangeError(`cannot roll back to ${length} tokens: no checkpoint is there`)
    this.goBack(length)
    this.tree = undefined
    this.committed = length
  }

  close(): void {
    if (this.#closed) return
    this.rollback(0)
    this.#closed = true
    this.returnIds()
    this.memory.closed(this)
  }

  protected returnIds(): void {
    this.ids.returnBase(this.base)
  }

  protected alive(): void {
    if (this.#closed) throw new OuroborosError('E_CLOSED', 'this cache is closed')
  }
}
