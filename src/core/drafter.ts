import type { ForwardInput, Logits } from './model.ts'
import type { PoolReport } from './stats.ts'
import type { Token } from './token.ts'
import type { NodeId, TokenTree } from './token-tree.ts'

/**
 * A way to guess what comes next. Vanilla, speculative, prompt lookup, lookahead and Ouroboros differ by their
 * drafter only; the loop, the sampler and the engine are the same. Whatever it proposes, the text stays the target's.
 */
export interface Drafter {
  /** A new prompt begins (the prefix so far). What was learned before may be kept. */
  begin(prompt: readonly Token[]): void
  /**
   * Proposes continuations of `prefix`: a tree that hangs from its last token; empty = plain decoding.
   * Passes on the draft model are yielded. No path may be longer than `room`, nor the tree larger than `maxNodes`.
   */
  propose(prefix: readonly Token[], room: DraftBudget): Generator<ForwardInput, TokenTree, Logits>
  /** Learns from what the target said about the proposal. Called once after each `propose`, unless the session was cut off. */
  observe(verdict: Verdict): void
  /** Where it has a phrase pool: how large, and how often it was asked in vain. */
  readonly pool?: PoolReport
}

/** How much of a proposal can be used. */
export interface DraftBudget {
  /** Longest useful path, in tokens. */
  readonly maxDepth: number
  /** Most nodes. */
  readonly maxNodes: number
  /** Tokens that are in the target's pass whatever is proposed: at least the last one emitted. */
  readonly pendingTokens: number
  /** Of these, tokens that were sent before: a recurrent target went back to its checkpoint. */
  readonly rereadTokens: number
  /** The target is recurrent: it reads one path, and what it accepts of a path that is not accepted as a whole is sent again. */
  readonly isRecurrent: boolean
  /** Tokens still to be emitted: a path of `remaining - 1` tokens uses them up. */
  readonly remainingTokens: number
  /** Tokens that other sessions are expected to put into the same target pass; 0 = alone. */
  readonly otherTokens: number
  /** Sessions that share the passes. */
  readonly otherSessions: number
  /** Part of a draft pass that this session is to bear: other sessions' passes go along. 1 = alone. */
  readonly draftShare: number
}

/** The target's answer to one proposal. */
export interface Verdict {
  /** All tokens fixed now, the emitted ones included. Valid during `observe` only. */
  readonly prefix: readonly Token[]
  /** Length of the prefix that the proposal continues. */
  readonly before: number
  readonly proposal: TokenTree
  /** Tokens of each draft pass behind it. */
  readonly draftWidths: readonly number[]
  /** The proposal's nodes that were accepted, a path from its top. */
  readonly accepted: readonly NodeId[]
  /** Accepted tokens and the correction or bonus token; may be cut short by an end. */
  readonly emitted: readonly Token[]
  /** The target's most likely token after a node of the proposal, or after the prefix (`ROOT`); undefined for what was not sent. */
  targetArgmax(node: NodeId): Token | undefined
}
