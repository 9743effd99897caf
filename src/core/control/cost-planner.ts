import type { CostModel } from './pass-costs.ts'
import { type DraftOffer, type Outcome, type Planner, type StepStart, WORTHLESS, type Worth } from './planner.ts'
import type { Prices } from './prices.ts'

/** Measured costs of both models. `draft` absent: no draft model. */
export interface Costs {
  readonly target: CostModel
  readonly draft?: CostModel
}

/**
 * Texts are no independent draws: where a token was accepted the next one is easier, and chances are estimates. A node is worth this
 * much more than its chance says (found by replaying recorded texts, where 1.1 to 1.4 do about equally well; 1 is best where chances are known).
 */
const FORESIGHT = 1.15
/** A draft model that lags further behind reads for the whole answer, not for one step of some tokens. */
const LAG = 16
const STEP_TOKENS = 3
/** Draft passes are foreseen this far. */
const HORIZON = 32

/** Draft passes that a window's column saves per pass: measured with W = 4, N = 5 (docs/measurements.md: a seventh to a third of the passes). */
const COLUMN_WORTH = 0.04
const WINDOWS = [16, 8, 4]
/** Other phrases are tried where so many nodes cost no more than this share of a pass. */
const BRANCH_NODES = 16
const BRANCH_COST = 0.15

/**
 * Sends what pays (renewal-reward; SpecDec++ and Sequoia in one rule): a node, or a draft pass, is worth its chance times the price of a
 * token, and costs what it adds to the measured time of the passes. The price is the running cost of a token, in the same measured
 * seconds, so that a machine that slows down as a whole changes nothing. Costs have steps: several nodes are weighed at once. With other
 * sessions in the same pass, the tokens beside count, so drafts shrink as load grows. Never far behind plain decoding: what was lost
 * against it is counted, and when the allowance is used up, steps are plain until it is back. One planner a request; prices are shared.
 */
export class CostPlanner implements Planner {
  readonly #costs: Costs
  readonly #prices: Prices
  readonly #foresight: number
  #step: StepStart = { base: 1, beside: 0, context: 0, remaining: Number.POSITIVE_INFINITY, known: 0 }
  #emitted = 0
  /** Seconds of reading the prompt with the draft model that no token has paid for yet. */
  #owed = 0
  /** Most tokens of the answer. */
  #limit = Number.POSITIVE_INFINITY

  constructor(costs: Costs, prices: Prices, foresight = FORESIGHT) {
    this.#costs = costs
    this.#prices = prices
    this.#foresight = foresight
  }

  begin(step: StepStart): void {
    this.#step = step
    if (this.#emitted === 0) this.#limit = step.remaining
  }

  verify(chances: readonly number[], nodes: number, known: number): Worth {
    if (this.#prices.isSpent) return WORTHLESS
    const price = this.#price(known)
    return best(
      chances.map((chance) => chance * price),
      (count) => this.#added(nodes, count),
    )
  }

  /** Two ways of going on are foreseen, the better one counts: to draft on whatever comes, or to end at a token that is not confident. */
  draft(offer: DraftOffer): Worth {
    const { draft } = this.#costs
    if (!draft || this.#prices.isSpent) return WORTHLESS
    const through = this.#foresee(draft, offer, 1, offer.tokenChance)
    const ending = this.#foresee(draft, offer, offer.confident, offer.confidentChance)
    return through.gain > ending.gain ? through : ending
  }

  guess(chances: readonly number[], width: number): number {
    const { draft } = this.#costs
    if (!draft) return 0
    const { context } = this.#step
    const pass = draft.seconds(1, context)
    return best(
      chances.map((chance) => chance * pass),
      (count) => draft.seconds(width + count, context) - draft.seconds(width, context),
    ).count
  }

  window(ngram: number): number {
    const { draft } = this.#costs
    if (!draft) return 0
    const pass = draft.seconds(1)
    const pays = (columns: number) => draft.seconds(1 + columns * (ngram - 1)) - pass <= COLUMN_WORTH * columns * pass
    return WINDOWS.find(pays) ?? 0
  }

  get allowsBranches(): boolean {
    const { target } = this.#costs
    return target.seconds(BRANCH_NODES) <= (1 + BRANCH_COST) * target.seconds(1)
  }

  trim(chances: readonly number[], known: readonly number[]): number {
    return best(
      chances.map((chance, node) => chance * this.#price(known[node] as number)),
      (count) => this.#added(0, count),
    ).count
  }

  observe({ emitted, nodes, draftWidths }: Outcome): void {
    const { target, draft } = this.#costs
    const { base, beside, context, known } = this.#step
    // Reading the prompt is nobody's draft: a step counts from its last token on.
    const own = 1 + nodes
    const pass =
      target.seconds(beside + base + nodes, context) - target.seconds(beside + base, context) + target.seconds(beside + 1, context)
    let seconds = (pass * own) / (own + beside)
    for (const width of draftWidths) {
      if (draft && width <= 2 * LAG) seconds += draft.seconds(width, context)
      else if (draft) this.#owed += draft.seconds(width, context)
    }
    const paid = this.#owed * Math.min(1, emitted / this.#prices.left(this.#emitted))
    this.#owed -= paid
    seconds += paid
    this.#prices.observe(known, emitted, seconds / this.#plain)
    this.#emitted += emitted
  }

  close(): void {
    if (this.#emitted > 0) this.#prices.observeAnswer(this.#emitted, this.#emitted >= this.#limit)
    this.#prices.charge(this.#owed / this.#plain)
    this.#emitted = 0
    this.#owed = 0
  }

  /** Each pass goes on with chance `goesOn`; the token of a pass that does not is lost, what is before it is verified. */
  #foresee(draft: CostModel, { chance, most, pending, nodes, known }: DraftOffer, goesOn: number, tokenChance: number): Worth {
    const price = this.#price(known)
    const further = draft.seconds(1, this.#step.context)
    let worth = WORTHLESS
    let reach = 1
    let path = chance
    let gain = 0
    for (let i = 1; i <= Math.min(most, HORIZON); i++) {
      gain -= reach * ((i === 1 ? this.#reading(draft, pending) : further) + (1 - goesOn) * this.#added(nodes, i - 1))
      reach *= goesOn
      path *= tokenChance
      gain += reach * path * price
      const total = gain - reach * this.#added(nodes, i)
      if (total > worth.gain) worth = { count: i, gain: total }
    }
    return worth
  }

  /** Seconds that a token is worth where a phrase is known with this chance: never more than plain decoding takes for it. */
  #price(known: number): number {
    return this.#plain * this.#prices.caution * Math.min(1, this.#foresight * this.#prices.of(known))
  }

  /** Seconds of a plain token; in company, its share of the joint pass. */
  get #plain(): number {
    const { beside, context } = this.#step
    return this.#costs.target.seconds(beside + 1, context) / (beside + 1)
  }

  /** Seconds that `count` nodes add to the target's pass behind `nodes` others. */
  #added(nodes: number, count: number): number {
    const { base, beside, context } = this.#step
    const { target } = this.#costs
    return target.seconds(beside + base + nodes + count, context) - target.seconds(beside + base + nodes, context)
  }

  /** A lag of some tokens is paid for now; reading a whole prompt is shared by all tokens that are still to come. */
  #reading(draft: CostModel, pending: number): number {
    const { context, remaining } = this.#step
    if (pending <= LAG) return draft.seconds(pending, context)
    const share = Math.min(1, STEP_TOKENS / Math.min(remaining, this.#prices.left(this.#emitted)))
    return draft.seconds(1, context) + share * (draft.seconds(pending, context) - draft.seconds(1, context))
  }
}

/** How many of these pay together: the sum of their values less the cost of so many. */
function best(values: readonly number[], cost: (count: number) => number): Worth {
  let worth = WORTHLESS
  let value = 0
  for (let i = 0; i < values.length; i++) {
    value += values[i] as number
    const gain = value - cost(i + 1)
    if (gain > worth.gain) worth = { count: i + 1, gain }
  }
  return worth
}
