/** Emitted tokens that make half of a running price. */
const PRICE_TOKENS = 48
/** Answer length assumed at first, and the weight of each new one in the geometric mean: to expect too long an answer costs more. */
const ANSWER_TOKENS = 128
const ANSWER_WEIGHT = 0.4
const LEAST_LEFT = 16
/** What may be lost against plain decoding: a share of its time, and some plain tokens at the start. */
const LOSS_SHARE = 0.015
const CREDIT = 10
/** Savings beyond this do not pay for later losses, in plain tokens; the fewer there are, the more care, down to this share of a token's worth. */
const MOST_CREDIT = 20
const LEAST_WORTH = 0.7
/** No single loss stops drafts for longer than plain decoding takes to make up for so many tokens. */
const MOST_DEBT = 1

/** Prices as they are kept over the life of a process. */
export interface PriceState {
  readonly known: number
  readonly unknown: number
  readonly balance: number
  readonly answer: number
}

/** What tokens cost lately, over all requests: outlives them, and is shared by the planners of those that run at once. */
export class Prices {
  /** What an emitted token cost where a phrase was known, and where none was, in plain tokens: other loads have other seconds. */
  #known = 1
  #unknown = 1
  /** Savings against plain decoding, in plain tokens. */
  #balance = CREDIT
  #answer = ANSWER_TOKENS

  get state(): PriceState {
    return { known: this.#known, unknown: this.#unknown, balance: this.#balance, answer: this.#answer }
  }

  set state({ known, unknown, balance, answer }: PriceState) {
    this.#known = known
    this.#unknown = unknown
    this.#balance = balance
    this.#answer = answer
  }

  /** What a token is worth where a phrase is known with this chance, in plain tokens. */
  of(known: number): number {
    return known * this.#known + (1 - known) * this.#unknown
  }

  /** What is left of a token's worth while little may be lost: only clear gains are tried then. */
  get caution(): number {
    return LEAST_WORTH + (1 - LEAST_WORTH) * (this.#balance / MOST_CREDIT)
  }

  /** Whether what may be lost against plain decoding is lost already. */
  get isSpent(): boolean {
    return this.#balance < 0
  }

  /** Tokens that are still to come behind `emitted` ones, as far as one can tell: the longer an answer is, the longer it goes on. */
  left(emitted: number): number {
    return Math.max(LEAST_LEFT, this.#answer - emitted, emitted / 2)
  }

  /** Hears of a step: where it began, what it emitted, and what it cost in plain tokens. */
  observe(known: number, emitted: number, cost: number): void {
    const weight = 1 - 0.5 ** (emitted / PRICE_TOKENS)
    const follow = (price: number, share: number) => price + share * weight * (cost / emitted - price)
    this.#known = follow(this.#known, known)
    this.#unknown = follow(this.#unknown, 1 - known)
    this.#save((1 + LOSS_SHARE) * emitted - cost)
  }

  /** A loss, in plain tokens, that no step has borne. */
  charge(tokens: number): void {
    this.#save(-tokens)
  }

  /** Hears how long an answer was; `cut`: it would have gone on. */
  observeAnswer(tokens: number, cut: boolean): void {
    if (cut && tokens < this.#answer) return
    this.#answer *= (tokens / this.#answer) ** ANSWER_WEIGHT
  }

  #save(tokens: number): void {
    this.#balance = Math.max(-MOST_DEBT, Math.min(MOST_CREDIT, this.#balance + tokens))
  }
}
