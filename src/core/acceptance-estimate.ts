/** Weight of the prior, in observations; also what a class remembers at least. */
const PRIOR_WEIGHT = 4
/** Old observations fade, so that a change of topic shows within some dozens of tokens. */
const MEMORY = 200

/** Chance that the target accepts a proposed token given that it accepted the one before: counted per class of proposals, online. */
export class AcceptanceEstimate {
  readonly #prior: readonly number[]
  readonly #accepted: Float64Array
  readonly #tried: Float64Array

  /** `prior`: the chance assumed per class before anything is seen. */
  constructor(prior: readonly number[]) {
    this.#prior = prior
    this.#accepted = new Float64Array(prior.length)
    this.#tried = new Float64Array(prior.length)
  }

  chance(kind: number): number {
    const prior = this.#prior[kind] as number
    return ((this.#accepted[kind] as number) + PRIOR_WEIGHT * prior) / ((this.#tried[kind] as number) + PRIOR_WEIGHT)
  }

  record(kind: number, accepted: boolean): void {
    const fade = 1 - 1 / MEMORY
    this.#accepted[kind] = (this.#accepted[kind] as number) * fade + (accepted ? 1 : 0)
    this.#tried[kind] = (this.#tried[kind] as number) * fade + 1
  }
}

// --- classes of proposals: draft tokens by the draft model's probability, phrase tokens by key, age and place ---

const PROBABILITY_EDGES = [0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.995]
const DRAFT_PRIORS = [0.25, 0.4, 0.55, 0.65, 0.75, 0.85, 0.92, 0.96, 0.98]
/** A phrase's first token, then the rest, per key size 1..4, each for seen once, 2-3 times, oftener. */
const PHRASE_PRIORS = [
  [0.15, 0.25, 0.3, 0.4, 0.45, 0.5],
  [0.35, 0.5, 0.6, 0.55, 0.6, 0.65],
  [0.5, 0.65, 0.75, 0.65, 0.7, 0.75],
  [0.65, 0.75, 0.85, 0.75, 0.8, 0.85],
].flat()

export const ACCEPTANCE_PRIORS: readonly number[] = [...DRAFT_PRIORS, ...PHRASE_PRIORS]

/** Class of a token that the draft model proposed with this probability. */
export function draftClass(probability: number): number {
  const edge = PROBABILITY_EDGES.findIndex((limit) => probability < limit)
  return edge < 0 ? PROBABILITY_EDGES.length : edge
}

/** Class of a phrase's token: under which key size it was found, how often seen, first token or later. */
export function phraseClass(keySize: number, seen: number, isFirst: boolean): number {
  const often = seen <= 1 ? 0 : seen <= 3 ? 1 : 2
  return DRAFT_PRIORS.length + (keySize - 1) * 6 + (isFirst ? 0 : 3) + often
}
