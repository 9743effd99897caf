/** Weight of the prior, in observations; also what a class remembers at least. */
const PRIOR_WEIGHT = Number(process.env.PW ?? 4)
/** Old observations fade, so that a change of topic shows within some dozens of tokens. */
const MEMORY = Number(process.env.MEM ?? 200)

/** Chance that the target accepts a proposed token given that it accepted the one before: counted per class of proposals, online. */
export class AcceptanceEstimate {
  readonly #prior: readonly number[] | AcceptanceEstimate
  readonly #accepted: Float64Array
  readonly #tried: Float64Array

  /** `prior`: the chance assumed per class before anything is seen, or what is known of all requests, which hears of this one's as well. */
  constructor(prior: readonly number[] | AcceptanceEstimate) {
    this.#prior = prior
    this.#accepted = new Float64Array(CLASSES)
    this.#tried = new Float64Array(CLASSES)
  }

  chance(kind: number): number {
    const prior = this.#prior instanceof AcceptanceEstimate ? this.#prior.chance(kind) : (this.#prior[kind] as number)
    return ((this.#accepted[kind] as number) + PRIOR_WEIGHT * prior) / ((this.#tried[kind] as number) + PRIOR_WEIGHT)
  }

  record(kind: number, accepted: boolean): void {
    if (this.#prior instanceof AcceptanceEstimate) this.#prior.record(kind, accepted)
    const fade = 1 - 1 / MEMORY
    this.#accepted[kind] = (this.#accepted[kind] as number) * fade + (accepted ? 1 : 0)
    this.#tried[kind] = (this.#tried[kind] as number) * fade + 1
  }
}

// --- classes: tokens of the draft model by its own probability, and such a token before it is known ---

const PROBABILITY_EDGES = [0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.995]

/** By probability; then any token, the confident ones, and their share of all drafted ones. */
export const DRAFT_PRIORS: readonly number[] = [0.25, 0.4, 0.55, 0.65, 0.75, 0.85, 0.92, 0.96, 0.98, 0.85, 0.92, 0.8]

/** Class of a token of the draft model before it is known. */
export const ANY_DRAFT = PROBABILITY_EDGES.length + 1
/** Class of all tokens of the draft model whose estimated chance is at least `CONFIDENCE`. */
export const CONFIDENT = ANY_DRAFT + 1
/** Not a chance of acceptance: the share of drafted tokens that are confident. */
export const CONFIDENT_SHARE = CONFIDENT + 1
export const CONFIDENCE = 0.7
const CLASSES = CONFIDENT_SHARE + 1

/** Class of a token that the draft model proposed with this probability. */
export function draftClass(probability: number): number {
  const edge = PROBABILITY_EDGES.findIndex((limit) => probability < limit)
  return edge < 0 ? PROBABILITY_EDGES.length : edge
}
