import type { CostModel } from './cost-model.ts'
import { type DraftOffer, type Outcome, type Planner, type StepStart, WORTHLESS, type Worth } from './planner.ts'

/** Measured costs of both models. `draft` absent: no draft model. */
export interface Costs {
  readonly target: CostModel
  readonly draft?: CostModel
}

/** Emitted tokens that make half of the running price. */
const PRICE_TOKENS = 48
/** A node is worth more than itself: what may follow it is not foreseen. Found by replay; speeds hardly change between 1.1 and 1.5. */
const FORESIGHT = 1.25
/** Answer length assumed at first, and the weight of each new one. */
const ANSWER_TOKENS = 128
const ANSWER_WEIGHT = 0.2
/** What may be lost against plain decoding, of its time, and at the start, in plain tokens. */
const LOSS_SHARE = 0.02
const CREDIT = 2
/** Savings beyond this do not pay for later losses, in plain tokens. */
const MOST_CREDIT = 24
/** A draft model that lags further behind reads for the whole answer, not for one step. */
const LAG = 16
/** Draft passes are foreseen this far. */
const HORIZON = 12

/**
 * Sends what pays (renewal-reward, SpecDec++ and Sequoia in one rule): a node, or a draft pass, is worth its chance times the price
 * of a token, and costs what it adds to the measured time of the passes. The price is the running cost of a token, in the same
 * measured seconds, so that a machine that slows down as a whole changes nothing. Step-shaped costs: several nodes are weighed at once.
 * Never far behind plain decoding: what was lost against it is counted, and when the allowance is used up, steps are plain until it is back.
 */
export class CostPlanner implements Planner {
  readonly #costs: Costs
  /** Running cost of a token where a phrase is known, and where none is. */
  #knownPrice: number
  #newPrice: number
  #known = 0
  #balance: number
  #base = 1
  #context = 0
  #remaining = Number.POSITIVE_INFINITY
  #answer = ANSWER_TOKENS
  #emitted = 0

  constructor(costs: Costs) {
    this.#costs = costs
    this.#knownPrice = this.#plain
    this.#newPrice = this.#plain
    this.#balance = CREDIT * this.#plain
  }

  open(): void {
    if (this.#emitted > 0) this.#answer += ANSWER_WEIGHT * (this.#emitted - this.#answer)
    this.#emitted = 0
  }

  begin({ base, context, remaining, known }: StepStart): void {
    this.#context = context
    this.#base = base
    this.#remaining = remaining
    this.#known = known
  }

  verify(chances: readonly number[], nodes: number, known: number): Worth {
    const price = this.#price(known)
    if (this.#balance < 0) return WORTHLESS
    const before = this.#verification(nodes)
    let best = WORTHLESS
    let value = 0
    for (let i = 0; i < chances.length; i++) {
      value += (chances[i] as number) * price
      const gain = value - (this.#verification(nodes + i + 1) - before)
      if (gain > best.gain) best = { count: i + 1, gain }
    }
    return best
  }

  /** Two ways of going on are foreseen, the better one counts: to draft on whatever comes, or to end at a token that is not confident. */
  draft(offer: DraftOffer): Worth {
    const { draft } = this.#costs
    if (!draft || this.#balance < 0) return WORTHLESS
    const through = this.#foresee(draft, offer, 1, offer.tokenChance)
    const ending = this.#foresee(draft, offer, offer.confident, offer.confidentChance)
    return through.gain > ending.gain ? through : ending
  }

  /** Each pass goes on with chance `goesOn`; the token of a pass that does not is lost, what is before it is verified. */
  #foresee(draft: CostModel, { chance, most, pending, nodes, known }: DraftOffer, goesOn: number, tokenChance: number): Worth {
    const price = this.#price(known)
    const added = (tokens: number) => this.#verification(nodes + tokens) - this.#verification(nodes)
    let best = WORTHLESS
    let reach = 1
    let path = chance
    let gain = 0
    for (let i = 1; i <= Math.min(most, HORIZON); i++) {
      gain -= reach * (i === 1 ? this.#reading(draft, pending) : draft.seconds(1, this.#context)) + reach * (1 - goesOn) * added(i - 1)
      reach *= goesOn
      path *= tokenChance
      gain += reach * path * price
      const total = gain - reach * added(i)
      if (total > best.gain) best = { count: i, gain: total }
    }
    return best
  }

  guess(chances: readonly number[], width: number): number {
    const { draft } = this.#costs
    if (!draft) return 0
    const saved = draft.seconds(1, this.#context)
    let best = 0
    let most = 0
    let value = 0
    for (let i = 0; i < chances.length; i++) {
      value += (chances[i] as number) * saved
      const gain = value - (draft.seconds(width + i + 1, this.#context) - draft.seconds(width, this.#context))
      if (gain > most) {
        most = gain
        best = i + 1
      }
    }
    return best
  }

  trim(chances: readonly number[], known: readonly number[]): number {
    let best = 0
    let most = 0
    let value = 0
    for (let i = 0; i < chances.length; i++) {
      value += (chances[i] as number) * this.#price(known[i] as number)
      const gain = value - (this.#verification(i + 1) - this.#verification(0))
      if (gain > most) {
        most = gain
        best = i + 1
      }
    }
    return best
  }

  observe({ emitted, targetWidth, draftWidths }: Outcome): void {
    const { target, draft } = this.#costs
    let seconds = target.seconds(targetWidth, this.#context) - target.seconds(this.#base, this.#context) + this.#plain
    for (const width of draftWidths) if (draft && width <= 2 * LAG) seconds += draft.seconds(width, this.#context)
    const weight = 1 - 0.5 ** (emitted / PRICE_TOKENS)
    this.#knownPrice += this.#known * weight * (seconds / emitted - this.#knownPrice)
    this.#newPrice += (1 - this.#known) * weight * (seconds / emitted - this.#newPrice)
    this.#balance = Math.min(MOST_CREDIT * this.#plain, this.#balance + (1 + LOSS_SHARE) * emitted * this.#plain - seconds)
    this.#emitted += emitted
  }

  /** What a token is worth at a place where a phrase is known with this chance. */
  #price(known: number): number {
    return FORESIGHT * (known * this.#knownPrice + (1 - known) * this.#newPrice)
  }

  /** Seconds of a plain token. */
  get #plain(): number {
    return this.#costs.target.seconds(1, this.#context)
  }

  #verification(nodes: number): number {
    return this.#costs.target.seconds(this.#base + nodes, this.#context)
  }

  /** A lag of some tokens is paid for now; reading a whole prompt is shared by all tokens that are still to come. */
  #reading(draft: CostModel, pending: number): number {
    if (pending <= LAG) return draft.seconds(pending, this.#context)
    const share = Math.min(1, 3 / Math.max(1, Math.min(this.#remaining, this.#answer - this.#emitted)))
    return draft.seconds(1, this.#context) + share * (draft.seconds(pending, this.#context) - draft.seconds(1, this.#context))
  }
}
