import type { Evidence } from '../../control/acceptance.ts'
import type { OfferedNode } from '../../control/planner.ts'
import type { Choice } from '../../logits-math.ts'
import type { Token } from '../../token.ts'
import type { Proposal } from '../../token-tree.ts'
import { type NodeId, ROOT, TokenTree } from '../../token-tree.ts'

/** What a node's probability, given its parent, was estimated from. */
export interface NodeEstimate {
  readonly origin: Proposal['origin']
  readonly evidence: Evidence
  readonly probability: number
  /** The draft model's second choice in its place; absent: this is one. */
  readonly runnerUp?: Choice
}

/** A proposal that grows: the trunk's end, and each node's probability. */
export class DraftTree {
  readonly tree = new TokenTree()
  readonly text: Token[]
  /** By node. */
  readonly estimates: NodeEstimate[] = []
  readonly offered: OfferedNode[] = []
  readonly #start: number
  readonly #limits: { depth: number; nodes: number }
  #at: NodeId = ROOT

  constructor(prefix: readonly Token[], limits: { depth: number; nodes: number }) {
    this.text = [...prefix]
    this.#start = prefix.length
    this.#limits = limits
  }

  /** The trunk's last node. */
  get at(): NodeId {
    return this.#at
  }

  get pathProbability(): number {
    return this.pathProbabilityAt(this.#at)
  }

  /** Tokens that still fit behind the trunk. */
  get room(): number {
    return this.roomAt(this.#at)
  }

  pathProbabilityAt(node: NodeId): number {
    return node === ROOT ? 1 : (this.offered[node] as OfferedNode).pathProbability
  }

  roomAt(node: NodeId): number {
    return Math.min(this.#limits.depth - this.tree.depth(node), this.#limits.nodes - this.tree.size)
  }

  textTo(node: NodeId): Token[] {
    return [...this.text.slice(0, this.#start), ...(node === ROOT ? [] : this.tree.tokensTo(node))]
  }

  /** A token below `parent`; one that is there already stays as it is. `phraseProbability`: of the best phrase there. */
  add(parent: NodeId, token: Token, estimate: NodeEstimate, phraseProbability: number, source?: Proposal['source']): NodeId {
    const { origin, probability } = estimate
    const node = this.tree.add(parent, token, { proposal: { origin, chance: probability, ...(source && { source }) } })
    this.estimates[node] ??= estimate
    this.offered[node] ??= { pathProbability: this.pathProbabilityAt(parent) * probability, phraseProbability }
    return node
  }

  /** The trunk ends at `node`, a child of its last node, from now on. */
  moveTo(node: NodeId): void {
    this.#at = node
    this.text.push(this.tree.token(node))
  }
}
