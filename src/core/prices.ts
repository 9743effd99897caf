/** Emitted tokens that make half of a running price. */
const PRICE_TOKENS = 48
/** Answer length assumed at first, and the weight of each new one. */
const ANSWER_TOKENS = 128
const ANSWER_WEIGHT = 0.2
/** What may be lost against plain decoding: a share of its time, and some plain tokens at the start. */
const LOSS_SHARE = 0.02
const CREDIT = 10
/** Savings beyond this do not pay for later losses, in plain tokens. */
const MOST_CREDIT = 32

/** Prices as they are kept over the life of a process. */
export interface PriceState {
  readonly known?: number
  readonly unknown?: number
  readonly balance: number
  readonly answer: number
}

/** What tokens cost lately, over all requests: outlives them, and is shared by the planners of those that run at once. */
export class Prices {
  /** Seconds of an emitted token where a phrase was known, and where none was; undefined before the first one. */
  #known: number | undefined
  #unknown: number | undefined
  /** Savings against plain decoding, in plain tokens. */
  #balance = CREDIT
  #answer = ANSWER_TOKENS

  get state(): PriceState {
    return {
      ...(this.#known !== undefined && { known: this.#known }),
      ...(this.#unknown !== undefined && { unknown: this.#unknown }),
      balance: this.#balance,
      answer: this.#answer,
    }
  }

  set state({ known, unknown, balance, answer }: PriceState) {
    this.#known = known
    this.#unknown = unknown
    this.#balance = balance
    this.#answer = answer
  }

  /** What a token is worth where a phrase is known with this chance; `plain`: seconds of a token without drafts. */
  of(known: number, plain: number): number {
    return known * (this.#known ?? plain) + (1 - known) * (this.#unknown ?? plain)
  }

  /** Whether what may be lost against plain decoding is lost already. */
  get isSpent(): boolean {
    return this.#balance < 0
  }

  /** Tokens of an answer, as far as one can tell. */
  get answerLength(): number {
    return this.#answer
  }

  /** Hears of a step: where it began, what it emitted, what it cost and what a plain token would have. */
  observe(known: number, emitted: number, seconds: number, plain: number): void {
    const weight = 1 - 0.5 ** (emitted / PRICE_TOKENS)
    const follow = (price: number | undefined, share: number) => {
      const before = price ?? plain
      return before + share * weight * (seconds / emitted - before)
    }
    this.#known = follow(this.#known, known)
    this.#unknown = follow(this.#unknown, 1 - known)
    this.#balance = Math.min(MOST_CREDIT, this.#balance + (1 + LOSS_SHARE) * emitted - seconds / plain)
  }

  /** Hears how long an answer was. */
  observeAnswer(tokens: number): void {
    this.#answer += ANSWER_WEIGHT * (tokens - this.#answer)
  }
}
