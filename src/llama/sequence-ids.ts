/** llama.cpp's sequence ids: the first ones belong to caches, the others are lent to branches for one pass. */
export class SequenceIds {
  readonly #bases: number[]
  readonly #branches: number[]

  constructor(caches: number, total: number) {
    this.#bases = Array.from({ length: caches }, (_, i) => caches - 1 - i)
    this.#branches = Array.from({ length: total - caches }, (_, i) => total - 1 - i)
  }

  takeBase(): number | undefined {
    return this.#bases.pop()
  }

  returnBase(id: number): void {
    this.#bases.push(id)
  }

  /** Ids for so many branches; fewer are left: undefined. */
  takeBranches(count: number): number[] | undefined {
    return count > this.#branches.length ? undefined : this.#branches.splice(this.#branches.length - count, count)
  }

  returnBranches(ids: readonly number[]): void {
    this.#branches.push(...ids)
  }
}
