import { OuroborosError } from '../core/errors.ts'
import type { NodeId, TokenTree } from '../core/token-tree.ts'
import { LlamaCache } from './cache.ts'

/** A place that the cache can come back to: a sequence that holds the state behind so many tokens; 0 = none. */
interface Mark {
  readonly sequence: number
  length: number
}

/**
 * The cache of a recurrent or hybrid model: its state cannot drop tokens. Marks are sequences that share the base's state until the base
 * reads on, when the library writes it to a new place: a mark costs its memory and no time. One is the checkpoint; the other stays
 * behind the last chunk of a prompt, for the next prompt that begins alike.
 */
export class RecurrentCache extends LlamaCache {
  readonly #checkpoint: Mark
  readonly #prompt: Mark
  #readsPrompt = false

  constructor(...[model, base, ids, memory]: ConstructorParameters<typeof LlamaCache>) {
    super(model, base, ids, memory)
    const [checkpoint, prompt] = ids.takeBranches(2) as [number, number]
    this.#checkpoint = { sequence: checkpoint, length: 0 }
    this.#prompt = { sequence: prompt, length: 0 }
  }

  begin(tree: TokenTree, isPrompt: boolean): readonly (readonly number[])[] {
    this.alive()
    if (this.reachable(this.length) < this.length)
      throw new OuroborosError(
        'E_ENGINE',
        `a pass behind ${this.length} tokens is not finished, and no checkpoint is there: roll back first`,
      )
    if (this.tree) this.rollback(this.length)
    this.tree = tree
    this.#readsPrompt = isPrompt
    return Array.from({ length: tree.size }, () => [this.base])
  }

  reachable(length: number): number {
    if (length >= this.committed && !this.tree) return this.committed
    return Math.max(0, ...this.#marks.map((mark) => mark.length).filter((marked) => marked <= length))
  }

  checkpoint(): void {
    this.alive()
    if (this.tree) throw new Error('no checkpoint while a tree is pending')
    this.#save(this.#checkpoint)
    if (this.#readsPrompt) this.#save(this.#prompt)
    this.#readsPrompt = false
  }

  protected keep(path: readonly NodeId[], tree: TokenTree): void {
    if (path.length < tree.size) this.rollback(this.reachable(this.committed))
    else this.committed += path.length
  }

  protected share(from: this, length: number): void {
    this.memory.copy(from.#marks.find((mark) => mark.length === length)?.sequence ?? from.base, this.base, -1, -1)
  }

  protected goBack(length: number): void {
    if (length === this.committed && !this.tree) return
    this.#readsPrompt = false
    const mark = length > 0 ? this.#marks.find((one) => one.length === length) : undefined
    // An empty range: the state alone. Then the attention's cells behind it can go: the library no longer sees tokens there.
    if (mark) this.memory.copy(mark.sequence, this.base, length, length)
    this.memory.remove(this.base, length)
    for (const beyond of this.#marks) if (beyond.length > length) this.#drop(beyond)
  }

  protected override returnIds(): void {
    super.returnIds()
    this.ids.returnBranches(this.#marks.map(({ sequence }) => sequence))
  }

  get #marks(): readonly Mark[] {
    return [this.#checkpoint, this.#prompt]
  }

  /** A mark is always a beginning of the text: the cells that it has stay, those behind it and the state are added. */
  #save(mark: Mark): void {
    if (mark.length < this.committed) this.memory.copy(this.base, mark.sequence, mark.length, -1)
    mark.length = this.committed
  }

  #drop(mark: Mark): void {
    if (mark.length > 0) this.memory.remove(mark.sequence, -1)
    mark.length = 0
  }
}
