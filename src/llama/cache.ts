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

/**
 * One session's cells. The committed prefix is the base sequence. A pending tree's first leaf lives on the base as well,
 * so a chain needs nothing else; every other leaf gets a sequence of its own that shares the prefix, and a node's cell
 * carries the ids of all leaves under it.
 */
export class LlamaCache implements Cache {
  readonly model: LlamaModel
  readonly #base: number
  readonly #ids: SequenceIds
  readonly #memory: SequenceMemory
  #length = 0
  #tree: TokenTree | undefined
  #sequencesOf: number[][] = []
  #branches: number[] = []
  #closed = false

  constructor(model: LlamaModel, base: number, ids: SequenceIds, memory: SequenceMemory) {
    this.model = model
    this.#base = base
    this.#ids = ids
    this.#memory = memory
  }

  get length(): number {
    return this.#length
  }

  /** Makes `tree` pending; returns each node's sequence ids. */
  begin(tree: TokenTree): readonly (readonly number[])[] {
    this.#alive()
    if (this.#tree) this.rollback(this.#length)
    const leaves = tree.isChain ? [tree.size - 1] : tree.leaves
    const branches = this.#ids.takeBranches(leaves.length - 1)
    if (!branches) throw new OuroborosError('E_ENGINE', `the tree has ${leaves.length} leaves, more than sequence ids are left`)
    this.#tree = tree
    this.#branches = branches
    this.#sequencesOf = Array.from({ length: tree.size }, () => [])
    for (const branch of branches) this.#memory.copy(this.#base, branch, -1, -1)
    leaves.forEach((leaf, i) => {
      const sequence = i === 0 ? this.#base : (branches[i - 1] as number)
      for (let at = leaf; at !== ROOT; at = tree.parent(at)) (this.#sequencesOf[at] as number[]).push(sequence)
    })
    return this.#sequencesOf
  }

  commit(path: readonly NodeId[]): void {
    this.#alive()
    const tree = this.#tree
    if (!tree) throw new Error('nothing to commit: no tree is pending')
    path.forEach((node, i) => {
      if (tree.parent(node) !== (i === 0 ? ROOT : path[i - 1])) throw new RangeError(`not a path of the pending tree: ${path.join(' ')}`)
    })
    const length = this.#length + path.length
    const onBase = path.filter((node) => this.#sequencesOf[node]?.includes(this.#base)).length
    if (tree.size > onBase) this.#memory.remove(this.#base, this.#length + onBase)
    if (onBase < path.length) {
      const winner = this.#sequencesOf[path.at(-1) as NodeId]?.[0] as number
      this.#memory.copy(winner, this.#base, this.#length + onBase, length)
    }
    this.#dropBranches()
    this.#length = length
    this.#tree = undefined
  }

  /** The cells are shared, not copied. */
  adopt(from: Cache, length: number): void {
    this.#alive()
    if (!(from instanceof LlamaCache) || from.model !== this.model) throw new TypeError('this cache belongs to another model')
    if (length > from.length) throw new RangeError(`cannot take ${length} tokens from a cache of ${from.length}`)
    if (from === this) return
    this.rollback(0)
    this.#memory.copy(from.#base, this.#base, 0, length)
    this.#length = length
  }

  rollback(length: number): void {
    this.#alive()
    if (!Number.isInteger(length) || length < 0 || length > this.#length)
      throw new RangeError(`cannot roll back ${this.#length} tokens to ${length}`)
    if (this.#tree || length < this.#length) this.#memory.remove(this.#base, length)
    this.#dropBranches()
    this.#tree = undefined
    this.#length = length
  }

  close(): void {
    if (this.#closed) return
    this.rollback(0)
    this.#closed = true
    this.#ids.returnBase(this.#base)
    this.#memory.closed(this)
  }

  #dropBranches(): void {
    for (const branch of this.#branches) this.#memory.remove(branch, -1)
    this.#ids.returnBranches(this.#branches)
    this.#branches = []
  }

  #alive(): void {
    if (this.#closed) throw new OuroborosError('E_CLOSED', 'this cache is closed')
  }
}
