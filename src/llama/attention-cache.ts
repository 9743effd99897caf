import { OuroborosError } from '../core/errors.ts'
import { type NodeId, ROOT, type TokenTree } from '../core/token-tree.ts'
import { LlamaCache } from './cache.ts'

/**
 * Keys and values of every token. A pending tree's first leaf lives on the base as well, so a chain needs nothing else; every
 * other leaf gets a sequence of its own that shares the prefix, and a node's cell carries the ids of all leaves under it.
 */
export class AttentionCache extends LlamaCache {
  #sequencesOf: number[][] = []
  #branches: number[] = []

  begin(tree: TokenTree): readonly (readonly number[])[] {
    this.alive()
    if (this.tree) this.rollback(this.length)
    const leaves = tree.isChain ? [tree.size - 1] : tree.leaves
    const branches = this.ids.takeBranches(leaves.length - 1)
    if (!branches) throw new OuroborosError('E_ENGINE', `the tree has ${leaves.length} leaves, more than sequence ids are left`)
    this.tree = tree
    this.#branches = branches
    this.#sequencesOf = Array.from({ length: tree.size }, () => [])
    for (const branch of branches) this.memory.copy(this.base, branch, -1, -1)
    leaves.forEach((leaf, i) => {
      const sequence = i === 0 ? this.base : (branches[i - 1] as number)
      for (let at = leaf; at !== ROOT; at = tree.parent(at)) (this.#sequencesOf[at] as number[]).push(sequence)
    })
    return this.#sequencesOf
  }

  reachable(length: number): number {
    return Math.min(length, this.committed)
  }

  checkpoint(): void {}

  protected keep(path: readonly NodeId[], tree: TokenTree): void {
    const length = this.committed + path.length
    const onBase = path.filter((node) => this.#sequencesOf[node]?.includes(this.base)).length
    if (tree.size > onBase) this.memory.remove(this.base, this.committed + onBase)
    if (onBase < path.length) {
      const winner = this.#sequencesOf[path.at(-1) as NodeId]?.[0] as number
      this.memory.copy(winner, this.base, this.committed + onBase, length)
    }
    this.#dropBranches()
    this.committed = length
  }

  protected share(from: this, length: number): void {
    this.memory.copy(from.base, this.base, 0, length)
  }

  protected goBack(length: number): void {
    if (this.tree || length < this.committed) this.memory.remove(this.base, length)
    this.#dropBranches()
  }

  #dropBranches(): void {
    for (const branch of this.#branches) this.memory.remove(branch, -1)
    this.ids.returnBranches(this.#branches)
    this.#branches = []
  }
}
