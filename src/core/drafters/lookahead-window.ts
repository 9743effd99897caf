import type { Token } from '../token.ts'
import { type NodeId, ROOT, type TokenTree } from '../token-tree.ts'

/** Sizes of a lookahead window, in the paper's symbols. */
export interface WindowSize {
  /** Columns W. */
  readonly window: number
  /** Rows + 1: a phrase has N - 1 tokens. At least 3. */
  readonly ngram: number
}

/** A phrase that the window found: the tokens that may follow its key token. */
export interface FoundPhrase {
  readonly key: Token
  readonly phrase: readonly Token[]
}

const GUESSED = { needsLogits: false, proposal: { origin: 'phrase', source: 'window' } } as const

/**
 * The lookahead branch (Fu et al. 2402.02057): W positions ahead are guessed in parallel and refined at each pass
 * (Jacobi iteration); the last N - 1 refinements of a position are the rows, and a diagonal of them is a phrase.
 *
 *     root ── r0 ── r0 ── r0          row 0: a chain
 *      └ r1   └ r1   └ r1  └ r1       rows 1..N-2: one column below the root and below each token of row 0
 *        └ r2   └ r2   └ r2  └ r2     last row: its next-token logits make the new row
 */
export class LookaheadWindow {
  readonly size: WindowSize
  #rows: Token[][]
  /** Nodes whose next tokens become the new row, by column. */
  #tips: NodeId[] = []

  /** `seeds`: W + N - 3 tokens for the first row. */
  constructor(size: WindowSize, seeds: readonly Token[]) {
    if (size.window < 1 || size.ngram < 3)
      throw new RangeError(`a window needs W >= 1 and N >= 3: received W=${size.window} N=${size.ngram}`)
    this.size = size
    this.#rows = [[...seeds]]
  }

  /** Tokens that the first row needs. */
  static seedLength({ window, ngram }: WindowSize): number {
    return window + ngram - 3
  }

  /** True once phrases come out: all N - 1 rows are there. */
  get isFull(): boolean {
    return this.#rows.length === this.size.ngram - 1
  }

  /** Deepest node below the root that `attach` makes. */
  get depth(): number {
    return (this.#rows[0]?.length ?? 0) + this.#rows.length
  }

  /** Nodes that `attach` adds at most. */
  get nodes(): number {
    const [first, ...columns] = this.#rows as [Token[], ...Token[][]]
    return columns.reduce((sum, row) => sum + row.length, first.length)
  }

  /** Hangs the window below `root`; only the tips' logits are asked for. */
  attach(tree: TokenTree, root: NodeId): void {
    const [first, ...columns] = this.#rows as [Token[], ...Token[][]]
    const row0: NodeId[] = []
    for (const token of first) row0.push(tree.add(row0.at(-1) ?? root, token, GUESSED))
    if (columns.length === 0) {
      this.#tips = row0.map((node) => want(tree, node))
      return
    }
    this.#tips = (columns[0] as Token[]).map((_, column) => {
      let at = column === 0 ? root : (row0[column - 1] as NodeId)
      for (const row of columns) at = tree.add(at, row[column] as Token, GUESSED)
      return want(tree, at)
    })
  }

  /**
   * Takes the model's most likely tokens after the tips. While the window fills, rows are added; once full, a phrase
   * per column is found and the window slides by one position.
   */
  advance(last: Token, next: (node: NodeId) => Token): FoundPhrase[] {
    const refined = this.#tips.map(next)
    const rows = this.#rows
    if (!this.isFull) {
      // The next token has taken the first column's place: each row but a first refinement loses its head.
      this.#rows = rows.map((row) => row.slice(1))
      this.#rows.push(rows.length === 1 ? refined : refined.slice(1))
      return []
    }
    const [first, ...columns] = rows as [Token[], ...Token[][]]
    const found = refined.map((token, column) => ({
      key: column === 0 ? last : (first[column - 1] as Token),
      phrase: [...columns.map((row) => row[column] as Token), token],
    }))
    this.#rows = [(columns[0] ?? refined).slice(1), ...columns.slice(1), refined]
    return found
  }
}

/** Asks for this node's logits. */
function want(tree: TokenTree, node: NodeId): NodeId {
  return node === ROOT ? node : tree.add(tree.parent(node), tree.token(node))
}
