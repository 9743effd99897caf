import type { PhraseSource, Token } from '../../token.ts'
import { type NodeId, ROOT, TokenTree } from '../../token-tree.ts'

/** A proposal that grows: the trunk's end, and the chance of each path. */
export class DraftTree {
  readonly tree = new TokenTree()
  readonly text: Token[]
  readonly #start: number
  readonly #limits: { depth: number; nodes: number }
  readonly #chances: number[] = []
  readonly #known: number[] = []
  #at: NodeId = ROOT

  constructor(prefix: readonly Token[], limits: { depth: number; nodes: number }) {
    this.text = [...prefix]
    this.#start = prefix.length
    this.#limits = limits
  }

  /** The chance of each node's path, in the order of the nodes. */
  get chances(): readonly number[] {
    return this.#chances
  }

  /** For each node, the chance that the pool gave some token there: what it would be worth without this step. */
  get known(): readonly number[] {
    return this.#known
  }

  /** The tree's first nodes. */
  first(count: number): TokenTree {
    return count >= this.tree.size ? this.tree : this.tree.first(count)
  }

  /** The trunk's last node. */
  get at(): NodeId {
    return this.#at
  }

  get chance(): number {
    return this.chanceAt(this.#at)
  }

  /** Tokens that still fit behind the trunk. */
  get room(): number {
    return this.roomAt(this.#at)
  }

  chanceAt(node: NodeId): number {
    return node === ROOT ? 1 : (this.#chances[node] as number)
  }

  roomAt(node: NodeId): number {
    return Math.min(this.#limits.depth - this.tree.depth(node), this.#limits.nodes - this.tree.size)
  }

  textTo(node: NodeId): Token[] {
    return [...this.text.slice(0, this.#start), ...(node === ROOT ? [] : this.tree.tokensTo(node))]
  }

  add(parent: NodeId, token: Token, chance: number, known: number, origin: 'draft' | 'phrase', source?: PhraseSource): NodeId {
    const given = chance / Math.max(this.chanceAt(parent), Number.MIN_VALUE)
    const node = this.tree.add(parent, token, { proposal: { origin, chance: given, ...(source && { source }) } })
    this.#chances[node] ??= chance
    this.#known[node] ??= known
    return node
  }

  /** A token of the draft model at the trunk's end. */
  extend(token: Token, chance: number, known: number): void {
    this.moveTo(this.add(this.#at, token, chance, known, 'draft'))
  }

  /** The trunk ends at `node`, a child of its last node, from now on. */
  moveTo(node: NodeId): void {
    this.#at = node
    this.text.push(this.tree.token(node))
  }
}
