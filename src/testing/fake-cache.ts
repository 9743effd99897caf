import { OuroborosError } from '../core/errors.ts'
import type { Cache } from '../core/model.ts'
import type { Token } from '../core/token.ts'
import { type NodeId, ROOT, type TokenTree } from '../core/token-tree.ts'
import type { FakeModel } from './fake-model.ts'

/** A cache of tokens alone that checks every call: wrong paths, positions beyond the context, use after close. */
export class FakeCache implements Cache {
  readonly model: FakeModel
  readonly #tokens: Token[] = []
  #pending: TokenTree | undefined
  #checkpoint = 0
  #closed = false

  constructor(model: FakeModel) {
    this.model = model
  }

  get length(): number {
    return this.#tokens.length
  }

  /** The committed tokens. */
  get tokens(): readonly Token[] {
    return this.#tokens
  }

  /** Throws if this tree cannot be run on this cache. */
  check(tree: TokenTree): void {
    this.#alive()
    const { vocabSize, contextLength } = this.model
    if (tree.size === 0) throw new RangeError('a pass needs at least one token: received an empty tree')
    if (this.model.isRecurrent && !tree.isChain) throw new RangeError('a recurrent model reads chains: received a tree with branches')
    if (this.reachable(this.length) < this.length) throw new RangeError('a pass is pending, and there is no checkpoint before it')
    for (let node = 0; node < tree.size; node++) {
      const token = tree.token(node)
      if (!Number.isInteger(token) || token < 0 || token >= vocabSize)
        throw new RangeError(`no such token in a vocabulary of ${vocabSize}: received ${token}`)
      const position = this.length + tree.depth(node)
      if (position > contextLength) throw new RangeError(`a pass reaches position ${position}, the context holds ${contextLength} tokens`)
    }
  }

  /** Makes a checked tree pending. */
  begin(tree: TokenTree): void {
    this.#pending = tree
  }

  commit(path: readonly NodeId[]): void {
    this.#alive()
    const tree = this.#pending
    if (!tree) throw new Error('nothing to commit: no tree is pending')
    path.forEach((node, i) => {
      if (tree.parent(node) !== (i === 0 ? ROOT : path[i - 1])) throw new RangeError(`not a path of the pending tree: ${path.join(' ')}`)
    })
    if (this.model.isRecurrent && path.length < tree.size) this.rollback(this.reachable(this.length))
    else this.#tokens.push(...path.map((node) => tree.token(node)))
    this.#pending = undefined
  }

  reachable(length: number): number {
    if (!this.model.isRecurrent || (length >= this.length && !this.#pending)) return Math.min(length, this.length)
    return length >= this.#checkpoint ? this.#checkpoint : 0
  }

  checkpoint(): void {
    this.#alive()
    if (this.#pending) throw new Error('a tree is pending')
    this.#checkpoint = this.length
  }

  adopt(from: Cache, length: number): void {
    this.#alive()
    if (!(from instanceof FakeCache) || from.model !== this.model) throw new TypeError('this cache belongs to another model')
    if (length > from.length) throw new RangeError(`cannot take ${length} tokens from a cache of ${from.length}`)
    if (from.reachable(length) !== length) throw new RangeError(`not a checkpoint: ${length}`)
    this.#pending = undefined
    this.#checkpoint = 0
    this.#tokens.splice(0, this.#tokens.length, ...from.#tokens.slice(0, length))
  }

  rollback(length: number): void {
    this.#alive()
    if (!Number.isInteger(length) || length < 0 || length > this.length)
      throw new RangeError(`cannot roll back ${this.length} tokens to ${length}`)
    if (this.reachable(length) !== length) throw new RangeError(`not a checkpoint: ${length}`)
    if (length < this.#checkpoint) this.#checkpoint = 0
    this.#pending = undefined
    this.#tokens.length = length
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.model.openCaches--
  }

  #alive(): void {
    if (this.#closed) throw new OuroborosError('E_CLOSED', 'this cache is closed')
  }
}
