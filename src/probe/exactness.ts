import type { Cache, Logits } from '../core/model.ts'
import { uniform } from '../core/sampling/philox.ts'
import { type NodeId, ROOT, TokenTree } from '../core/token-tree.ts'
import type { LlamaModel } from '../llama/model.ts'

/** Widths of chains that are compared with one-token passes. */
const WIDTHS = [2, 3, 4, 6, 8, 16, 32]
/** Tokens before the passes; a prompt of the last one is read in one pass and in chunks. */
const CONTEXTS = [8, 300]
const CHUNK = 77
/** Positions whose logits are compared. */
const POSITIONS = 12
/** A chain of four with branches behind its root and its second token: the last branch wins. */
const PARENTS = [-1, 0, 1, 2, 0, 4, 1, 6]
const WINNER = [0, 1, 6, 7]

/** Whether passes of every shape compute the same bits as plain decoding's. */
export interface Exactness {
  /** What was found to differ; empty: nothing. */
  readonly different: readonly string[]
}

/**
 * Measures it, bit by bit: chains of several widths, a tree of branches and what follows the one that won, prompts in chunks, passes shared
 * by two caches (if the model has two), at a short and a long context. Some seconds; ends at the first difference. All caches must be free.
 */
export function probeExactness(model: LlamaModel): Exactness {
  const caches = [model.open(), ...(model.sessions > 1 ? [model.open()] : [])]
  try {
    const found = probedContexts(model.contextLength)
      .map((context) => new Probe(model, caches, context).firstDifference())
      .find((difference) => difference !== undefined)
    return { different: found === undefined ? [] : [found] }
  } finally {
    for (const cache of caches) cache.close()
  }
}

/** Lengths of context that are probed where `contextLength` tokens are held. */
export function probedContexts(contextLength: number): number[] {
  return CONTEXTS.filter((context) => context + Math.max(...WIDTHS) <= contextLength)
}

class Probe {
  readonly #model: LlamaModel
  readonly #cache: Cache
  readonly #other: Cache | undefined
  readonly #context: number
  readonly #tokens: number[]

  constructor(model: LlamaModel, [cache, other]: readonly Cache[], context: number) {
    this.#model = model
    this.#cache = cache as Cache
    this.#other = other
    this.#context = context
    this.#tokens = Array.from({ length: context + Math.max(...WIDTHS) }, (_, i) => Math.floor(uniform(3, i) * model.vocabSize))
  }

  firstDifference(): string | undefined {
    this.#cache.rollback(0)
    this.#read(this.#context)
    this.#cache.checkpoint()
    const plain = this.#oneByOne(this.#tokens.slice(this.#context, this.#context + POSITIONS))
    const ways = [
      ...WIDTHS.map((width) => way(`a pass over ${width} tokens`, () => this.#chain(width))),
      ...(this.#model.isRecurrent ? [] : [way('a tree with branches', () => this.#branches(plain.length))]),
      ...(this.#other ? [way('a pass shared by two sessions', () => this.#shared())] : []),
      way('a prompt read in chunks', () => this.#inChunks()),
    ]
    for (const { name, rows } of ways) {
      const got = rows()
      if (!got.every((row, i) => isSame(row, plain[i] as Float32Array))) return `${name} behind ${this.#context}`
    }
    return undefined
  }

  /** The prompt's first `length` tokens in one pass. */
  #read(length: number, from = 0): void {
    this.#run(this.#cache, TokenTree.chain(this.#tokens.slice(from, length)))
  }

  #oneByOne(tokens: readonly number[]): Float32Array[] {
    return tokens.map((token) => this.#run(this.#cache, TokenTree.chain([token]))[0] as Float32Array)
  }

  #chain(width: number): Float32Array[] {
    this.#cache.rollback(this.#context)
    return this.#run(
      this.#cache,
      TokenTree.chain(this.#tokens.slice(this.#context, this.#context + width), (i) => i < POSITIONS),
    )
  }

  /** The text's own tokens are on the branch that wins, which leaves holes in the cache; the tokens behind it fill them. */
  #branches(count: number): Float32Array[] {
    this.#cache.rollback(this.#context)
    const text = this.#tokens.slice(this.#context)
    const tree = new TokenTree()
    PARENTS.forEach((parent, node) => {
      const depth = WINNER.indexOf(node)
      tree.add(parent < 0 ? ROOT : parent, (depth >= 0 ? text[depth] : this.#tokens[node]) as number)
    })
    const rows = this.#run(this.#cache, tree, WINNER)
    return [...rows, ...this.#oneByOne(text.slice(WINNER.length, count))]
  }

  #shared(): Float32Array[] {
    const other = this.#other as Cache
    other.rollback(0)
    this.#cache.rollback(this.#context)
    const text = this.#tokens.slice(this.#context, this.#context + 6)
    const rows: Float32Array[] = []
    for (const part of [text.slice(0, 2), text.slice(2)]) {
      const [tree, shared] = [TokenTree.chain(part, () => true), TokenTree.chain(this.#tokens.slice(0, 5))]
      const [logits, others] = this.#model.forward([
        { cache: this.#cache, tree },
        { cache: other, tree: shared },
      ])
      rows.push(...copies(logits as Logits, tree.path(tree.size - 1)))
      if (!others) throw new Error('a pass shared by two caches gave one result')
      this.#cache.commit(tree.path(tree.size - 1))
      other.commit(shared.path(shared.size - 1))
    }
    other.rollback(0)
    return rows
  }

  #inChunks(): Float32Array[] {
    this.#cache.rollback(0)
    for (let at = 0; at < this.#context; at += CHUNK) this.#read(Math.min(at + CHUNK, this.#context), at)
    return this.#oneByOne(this.#tokens.slice(this.#context, this.#context + 2))
  }

  /** Runs and commits a tree's path; the logits along it that were asked for. */
  #run(cache: Cache, tree: TokenTree, path: readonly NodeId[] = tree.path(tree.size - 1)): Float32Array[] {
    const [logits] = this.#model.forward([{ cache, tree }])
    const rows = copies(
      logits as Logits,
      path.filter((node) => tree.needsLogits(node)),
    )
    cache.commit(path)
    return rows
  }
}

/** How passes may compute, and the rows that they give. */
function way(name: string, rows: () => Float32Array[]): { name: string; rows: () => Float32Array[] } {
  return { name, rows }
}

function copies(logits: Logits, nodes: readonly NodeId[]): Float32Array[] {
  return nodes.map((node) => Float32Array.from(logits.row(node)))
}

function isSame(a: Float32Array, b: Float32Array): boolean {
  return a.length === b.length && Buffer.from(a.buffer).equals(Buffer.from(b.buffer))
}
