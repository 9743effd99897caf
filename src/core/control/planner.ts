import type { DraftBudget } from '../drafter.ts'
import { CONTROL } from './constants.ts'
import type { CostModel } from './pass-costs.ts'
import type { LossBudget, TokenCost } from './token-cost.ts'

/** Measured or assumed costs of both models. `draft` absent: no draft model. */
export interface Costs {
  readonly target: CostModel
  readonly draft?: CostModel
}

/** What the planners of all requests share. */
export interface PlannerParts {
  readonly costs: Costs
  readonly tokenCost: TokenCost
  readonly lossBudget: LossBudget
}

/** How many of an offer's tokens pay, and the seconds that they save; 0 = leave it. */
export interface Decision {
  readonly count: number
  readonly gain: number
}

export const NOTHING: Decision = { count: 0, gain: 0 }

/** A node that could be sent to the target. */
export interface OfferedNode {
  /** That the target accepts everything up to it, itself included. */
  readonly pathProbability: number
  /** Of the best phrase's token at its place, given what is before it; 0 = none is known. */
  readonly phraseProbability: number
}

/** What the draft model reads before it goes on. */
export interface Reading {
  /** Tokens that it must read first; 1 = it is up to date. */
  readonly pending: number
  /** Tokens that it has read then. */
  readonly context: number
}

/** A draft pass that could be made; `pathProbability`: of what is before it. */
export interface DraftOffer extends OfferedNode, Reading {
  /** Most tokens that the draft model may still write. */
  readonly most: number
  /** Nodes already proposed. */
  readonly nodes: number
}

const ALONE = { pendingTokens: 1, rereadTokens: 0, isRecurrent: false, remainingTokens: 1, otherTokens: 0, otherSessions: 0, draftShare: 1 }

/**
 * Does what raises `tokens − rate × seconds` (renewal reward): a node, or a draft pass, is worth its probability times what a token costs
 * lately, and costs what it adds to the measured seconds. One planner a request; costs and the budget are shared.
 */
export class Planner {
  readonly #parts: PlannerParts
  #step: Omit<DraftBudget, 'maxDepth' | 'maxNodes'> = ALONE
  #context = 0
  /** Tokens that the draft model's passes stand behind. */
  #draftContext = 0
  #phraseProbability = 0
  /** Whether the draft model was left out of this step since it would have had too much to read. */
  #isUndrafted = false
  #emitted = 0
  /** Seconds of reading with the draft model that no token has paid for yet. */
  #owed = 0

  constructor(parts: PlannerParts) {
    this.#parts = parts
  }

  /** A step begins behind `length` tokens; `phraseProbability`: of the best phrase's first token. */
  begin(step: DraftBudget, length: number, phraseProbability: number): void {
    this.#step = step
    this.#context = length - step.pendingTokens
    this.#phraseProbability = phraseProbability
    this.#isUndrafted = false
  }

  /** How many of these nodes, one below the other, pay behind `nodes` others. */
  nodesWorthSending(offered: readonly OfferedNode[], nodes: number): Decision {
    if (this.#parts.lossBudget.isSpent) return NOTHING
    const chanceAt = (count: number) => (offered[Math.max(0, count - 1)] as OfferedNode).pathProbability
    return best(
      offered.map((node) => this.#value(node)),
      (count) => this.#added(nodes, count) + this.#again(nodes + count, chanceAt(count)) - this.#again(nodes, chanceAt(0)),
    )
  }

  /** Whether a draft pass pays, foreseen together with those behind it. */
  worthDrafting(offer: DraftOffer): Decision {
    const { costs, lossBudget } = this.#parts
    if (!costs.draft || lossBudget.isSpent) return NOTHING
    if (offer.pending > 1 && this.worthReading(offer) <= 0) {
      this.#isUndrafted ||= this.#reading(offer.pending) > costs.draft.seconds(1, offer.context)
      return NOTHING
    }
    this.#draftContext = offer.context
    return this.#foresee(offer, this.#price(this.#parts.tokenCost.at(offer.phraseProbability)))
  }

  /**
   * Seconds that the draft model saves if it reads what is pending, against what tokens cost where it has not. That is paid by the whole
   * answer. Where several sessions would read before one of them has seen whether it pays, each must be so much surer.
   */
  worthReading(offer: DraftOffer): number {
    this.#draftContext = offer.context
    const { count, gain } = this.#foresee({ ...offer, pathProbability: 1, nodes: 0 }, this.#price(this.#parts.tokenCost.undrafted))
    const tokensPerStep = 1 + count * this.#parts.tokenCost.acceptanceRate
    return (gain * this.#left) / tokensPerStep - this.#sessions * this.#reading(offer.pending)
  }

  /** The nodes to send, parents first: those of greatest path probability, as many as pay. */
  keep(offered: readonly OfferedNode[]): number[] {
    if (this.#parts.lossBudget.isSpent) return []
    const order = offered.map((_, node) => node)
    order.sort((a, b) => (offered[b] as OfferedNode).pathProbability - (offered[a] as OfferedNode).pathProbability || a - b)
    const nodes = order.map((node) => offered[node] as OfferedNode)
    const cost = (count: number) => this.#added(0, count) + this.#again(count, (nodes[count - 1] as OfferedNode).pathProbability)
    const values = nodes.map((node) => this.#value(node))
    return order.slice(0, best(values, cost).count).sort((a, b) => a - b)
  }

  /** How many tokens of a guess ride in a draft pass of `width` tokens; `probabilities`: that the draft model writes them. */
  guessesWorthRiding(probabilities: readonly number[], width: number): number {
    const pass = this.#parts.costs.draft?.seconds(1, this.#draftContext) ?? 0
    const values = probabilities.map((one) => one * pass)
    return best(values, (count) => this.#reading(width + count) - this.#reading(width)).count
  }

  /** A step sent `nodes` nodes to the target and emitted tokens; `draftWidths`: tokens of each draft pass. */
  observe(emitted: number, nodes: number, draftWidths: readonly number[]): void {
    const { costs, tokenCost, lossBudget } = this.#parts
    let seconds = this.#plain + this.#added(-this.#step.rereadTokens, this.#step.rereadTokens + nodes)
    for (const width of costs.draft ? draftWidths : []) {
      seconds += this.#draftPass
      this.#owed += this.#reading(width)
    }
    const paid = this.#owed * Math.min(1, emitted / this.#left)
    this.#owed -= paid
    const cost = (seconds + paid) / this.#plain
    tokenCost.observe(this.#phraseProbability, emitted, cost, this.#isUndrafted)
    lossBudget.observe(emitted, cost)
    this.#emitted += emitted
  }

  /** The target answered a draft token that it came to. */
  observeDraftToken(accepted: boolean): void {
    this.#parts.tokenCost.observeDraftToken(accepted)
  }

  /** The answer is over: what it leaves unpaid is lost. */
  close(): void {
    this.#parts.lossBudget.observe(0, this.#owed / this.#plain)
    this.#emitted = 0
    this.#owed = 0
  }

  get #sessions(): number {
    return 1 + this.#step.otherSessions
  }

  /** Tokens of the answer that are still to come, as far as one can tell: the longer it is, the longer it goes on. */
  get #left(): number {
    return Math.min(this.#step.remainingTokens, Math.max(CONTROL.answerTokens, this.#emitted / 2))
  }

  /** Seconds of a draft pass over one token that this session is to bear. */
  get #draftPass(): number {
    return this.#step.draftShare * (this.#parts.costs.draft?.seconds(1, this.#draftContext) ?? 0)
  }

  /** Seconds that a draft pass over `width` tokens takes beyond one over a single token. */
  #reading(width: number): number {
    const { draft } = this.#parts.costs
    const context = this.#draftContext
    return draft ? draft.seconds(width, Math.max(0, context - width / 2)) - draft.seconds(1, context) : 0
  }

  /** To draft on whatever comes: the number of tokens that gains most. */
  #foresee({ pathProbability, most, nodes }: DraftOffer, price: number): Decision {
    const { acceptanceRate } = this.#parts.tokenCost
    const values = Array.from({ length: most }, (_, i) => pathProbability * acceptanceRate ** (i + 1) * price)
    const again = (count: number) => this.#again(nodes + count, pathProbability * acceptanceRate ** count)
    return best(values, (count) => count * this.#draftPass + this.#added(nodes, count) + again(count) - again(0))
  }

  #value({ pathProbability, phraseProbability }: OfferedNode): number {
    return pathProbability * this.#price(this.#parts.tokenCost.at(phraseProbability))
  }

  /** Seconds that a token is worth: what it costs lately (`cost` plain tokens), never more than plain decoding takes. */
  #price(cost: number): number {
    return this.#plain * this.#parts.lossBudget.caution(this.#sessions) * Math.min(1, CONTROL.optimism * cost)
  }

  /** Seconds of a plain token; with other sessions its share of their joint pass. */
  get #plain(): number {
    return this.#parts.costs.target.seconds(this.#sessions, this.#context) / this.#sessions
  }

  /** Seconds that `count` nodes add to the target's pass behind `nodes` others. */
  #added(nodes: number, count: number): number {
    const { target } = this.#parts.costs
    const before = this.#step.otherTokens + this.#step.pendingTokens + nodes
    return target.seconds(before + count, this.#context) - target.seconds(before, this.#context)
  }

  /** Seconds that a recurrent target is expected to take for `nodes` nodes once more; `chance`: that all are accepted. */
  #again(nodes: number, chance: number): number {
    const { isRecurrent, pendingTokens } = this.#step
    return isRecurrent && nodes > 0 ? (1 - chance) * this.#added(1 - pendingTokens, pendingTokens - 1 + nodes) : 0
  }
}

/** How many of these pay together: the sum of their values less the cost of so many. Costs have steps: several are weighed at once. */
function best(values: readonly number[], cost: (count: number) => number): Decision {
  let decision = NOTHING
  let value = 0
  for (let i = 0; i < values.length; i++) {
    value += values[i] as number
    const gain = value - cost(i + 1)
    if (gain > decision.gain) decision = { count: i + 1, gain }
  }
  return decision
}
