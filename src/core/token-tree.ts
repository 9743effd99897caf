import type { Origin, PhraseSource, Token } from './token.ts'

/** Index of a node in its tree; parents have smaller ids than their children. */
export type NodeId = number

/** The place above the tree's first nodes: the committed prefix's last token. */
export const ROOT: NodeId = -1

/** Who proposed a node, and how sure it was. */
export interface Proposal {
  readonly origin: Exclude<Origin, 'target'>
  readonly source?: PhraseSource
  /** Estimated chance that the target accepts this token, given that it accepts the parent (0..1). */
  readonly chance?: number
}

/**
 * A trie of continuations of a prefix: equal paths are one node. Everything sent to a model is such a tree
 * (SpecInfer's token tree). Prompt tail = chain; draft and its suffixes = chain with branches at its end;
 * lookahead window = chain with a branch at each node; guess set = branches at the root.
 */
export class TokenTree {
  readonly #tokens: Token[] = []
  readonly #parents: NodeId[] = []
  readonly #depths: number[] = []
  readonly #needsLogits: boolean[] = []
  readonly #proposals: (Proposal | undefined)[] = []
  readonly #children = new Map<NodeId, NodeId[]>()

  /** A tree that is one path, e.g. a prompt's tail. `needsLogits`: by index; default: the last node. */
  static chain(tokens: readonly Token[], needsLogits = (index: number) => index === tokens.length - 1): TokenTree {
    const tree = new TokenTree()
    let at = ROOT
    for (let i = 0; i < tokens.length; i++) at = tree.add(at, tokens[i] as Token, { needsLogits: needsLogits(i) })
    return tree
  }

  /** Number of nodes. */
  get size(): number {
    return this.#tokens.length
  }

  /** The child of `parent` with this token: the existing one, or a new one. New nodes need logits unless said otherwise. */
  add(parent: NodeId, token: Token, how: { needsLogits?: boolean; proposal?: Proposal | undefined } = {}): NodeId {
    const existing = this.child(parent, token)
    const needsLogits = how.needsLogits ?? true
    if (existing !== undefined) {
      if (needsLogits) this.#needsLogits[existing] = true
      return existing
    }
    const depth = this.depth(parent) + 1
    const node = this.#tokens.length
    this.#tokens.push(token)
    this.#parents.push(parent)
    this.#depths.push(depth)
    this.#needsLogits.push(needsLogits)
    this.#proposals.push(how.proposal)
    const siblings = this.#children.get(parent)
    if (siblings) siblings.push(node)
    else this.#children.set(parent, [node])
    return node
  }

  /** Adds a path below `parent`; returns its nodes, shared ones included. */
  addPath(parent: NodeId, tokens: readonly Token[], how: { needsLogits?: boolean; proposal?: Proposal } = {}): NodeId[] {
    let at = parent
    return tokens.map((token) => {
      at = this.add(at, token, how)
      return at
    })
  }

  /** Copies `other` below `at`; returns where each of its nodes went. */
  graft(at: NodeId, other: TokenTree): NodeId[] {
    const places: NodeId[] = []
    for (let node = 0; node < other.size; node++) {
      const about = { needsLogits: other.needsLogits(node), proposal: other.proposal(node) }
      places.push(this.add(places[other.parent(node)] ?? at, other.token(node), about))
    }
    return places
  }

  /** A copy of these nodes, which come after their parents; a node's id in it is its place in the list. */
  only(nodes: readonly NodeId[]): TokenTree {
    const tree = new TokenTree()
    const places = new Map(nodes.map((node, place) => [node, place]))
    for (const node of nodes) {
      const about = { needsLogits: this.needsLogits(node), proposal: this.proposal(node) }
      tree.add(places.get(this.parent(node)) ?? ROOT, this.token(node), about)
    }
    return tree
  }

  token(node: NodeId): Token {
    return this.#tokens[this.#check(node)] as Token
  }

  parent(node: NodeId): NodeId {
    return this.#parents[this.#check(node)] as NodeId
  }

  /** 1 for the first nodes below the prefix. */
  depth(node: NodeId): number {
    return node === ROOT ? 0 : (this.#depths[this.#check(node)] as number)
  }

  /** Whether the logits after this node are to be computed. */
  needsLogits(node: NodeId): boolean {
    return this.#needsLogits[this.#check(node)] as boolean
  }

  proposal(node: NodeId): Proposal | undefined {
    return this.#proposals[this.#check(node)]
  }

  children(parent: NodeId): readonly NodeId[] {
    return this.#children.get(parent) ?? []
  }

  child(parent: NodeId, token: Token): NodeId | undefined {
    return this.#children.get(parent)?.find((node) => this.#tokens[node] === token)
  }

  isLeaf(node: NodeId): boolean {
    return !this.#children.has(node)
  }

  /** True if no node has two children and there is one first node: a single path. */
  get isChain(): boolean {
    return this.#parents.every((parent, node) => parent === node - 1)
  }

  get leaves(): NodeId[] {
    return this.#tokens.map((_, node) => node).filter((node) => this.isLeaf(node))
  }

  /** Nodes from the first one down to `node`. */
  path(node: NodeId): NodeId[] {
    const nodes: NodeId[] = []
    for (let at = node; at !== ROOT; at = this.parent(at)) nodes.push(at)
    return nodes.reverse()
  }

  /** Tokens from the first node down to `node`. */
  tokensTo(node: NodeId): Token[] {
    return this.path(node).map((at) => this.token(at))
  }

  #check(node: NodeId): NodeId {
    if (!(node >= 0 && node < this.#tokens.length)) throw new RangeError(`no such node in a tree of ${this.#tokens.length}: ${node}`)
    return node
  }
}
