import type { Constraint } from '../sampling/sampler.ts'
import type { Token } from '../token.ts'
import { type NodeId, ROOT, TokenTree } from '../token-tree.ts'

/** What a proposal may not exceed. */
export interface PruneLimits {
  /** Longest path, in tokens. */
  readonly maxDepth: number
  /** Most nodes. */
  readonly maxNodes: number
  /** One path is left over: the one of which most tokens are expected to be accepted. */
  readonly isRecurrent?: boolean
  /** Follows the text so far; nodes that it forbids can never be accepted. */
  readonly constraint?: Constraint | undefined
  /** Tokens that cannot come at this depth (1 = the next token). */
  readonly withholds?: (token: Token, depth: number) => boolean
}

/** The part of a proposal that is sent to the target. */
export interface PrunedTree {
  readonly tree: TokenTree
  /** Each sent node's id in the proposal. */
  readonly proposalIds: readonly NodeId[]
}

/** The part of a proposal that context, batch, grammar and a recurrent target leave over. */
export function prune(proposal: TokenTree, limits: PruneLimits): PrunedTree {
  const pruned = withinLimits(proposal, limits)
  if (!limits.isRecurrent) return pruned
  const path = bestPath(pruned.tree)
  return { tree: pruned.tree.only(path), proposalIds: path.map((node) => pruned.proposalIds[node] as NodeId) }
}

/** A lookahead window (nodes without logits) is read as a whole: the grammar does not prune it. */
function withinLimits(proposal: TokenTree, limits: PruneLimits): PrunedTree {
  const nodes = Array.from({ length: proposal.size }, (_, node) => node)
  const fits = proposal.size <= limits.maxNodes && nodes.every((node) => proposal.depth(node) <= limits.maxDepth)
  const forbidden = nodes.every((node) => proposal.needsLogits(node)) ? forbiddenNodes(proposal, limits) : new Set<NodeId>()
  if (fits && forbidden.size === 0) return { tree: proposal, proposalIds: nodes }
  const tree = new TokenTree()
  const proposalIds: NodeId[] = []
  const places: NodeId[] = []
  for (const node of nodes) {
    const parent = proposal.parent(node)
    const place = parent === ROOT ? ROOT : places[parent]
    if (place === undefined || tree.size >= limits.maxNodes || proposal.depth(node) > limits.maxDepth || forbidden.has(node)) continue
    const about = { needsLogits: proposal.needsLogits(node), proposal: proposal.proposal(node) }
    places[node] = tree.add(place, proposal.token(node), about)
    proposalIds.push(node)
  }
  return { tree, proposalIds }
}

/** The path that can be walked of which most tokens are expected to be accepted; the longest one where chances are not given. */
function bestPath(tree: TokenTree): NodeId[] {
  const chances: number[] = []
  const expected: number[] = []
  let best = ROOT
  for (let node = 0; node < tree.size; node++) {
    const parent = tree.parent(node)
    const before = parent === ROOT ? 1 : (chances[parent] as number)
    const chance = tree.needsLogits(node) ? before * (tree.proposal(node)?.chance ?? 1) : 0
    chances.push(chance)
    expected.push((parent === ROOT ? 0 : (expected[parent] as number)) + chance)
    if (chance > 0 && (expected[node] as number) > (best === ROOT ? 0 : (expected[best] as number))) best = node
  }
  return tree.path(best)
}

/** The first node of each path that the constraint does not allow, and what is withheld. */
function forbiddenNodes(tree: TokenTree, { constraint, withholds }: PruneLimits): Set<NodeId> {
  const forbidden = new Set<NodeId>()
  if (withholds) for (let node = 0; node < tree.size; node++) if (withholds(tree.token(node), tree.depth(node))) forbidden.add(node)
  if (!constraint) return forbidden
  const visit = (parent: NodeId, state: Constraint) => {
    for (const node of tree.children(parent)) {
      const token: Token = tree.token(node)
      if (!state.allows(token)) {
        forbidden.add(node)
        continue
      }
      if (tree.isLeaf(node)) continue
      const next = state.fork()
      next.accept(token)
      visit(node, next)
      next.close()
    }
  }
  visit(ROOT, constraint)
  return forbidden
}
