/** How much an estimate believes its prior, in observations, and how many of its own it remembers. */
export interface EstimateOptions {
  readonly priorWeight: number
  readonly memory: number
}

/** All requests together: a slow average. */
const LASTING: EstimateOptions = { priorWeight: 16, memory: 600 }
/** One request: a change of topic shows within some dozens of tokens. */
const PASSING: EstimateOptions = { priorWeight: 8, memory: 60 }
/** Steps without an observation after which half of what was seen is forgotten: what failed is tried again. */
const HALF_LIFE = 16

/** Chance that the target accepts a proposed token given that it accepted the one before: counted per class of proposals, online. */
export class AcceptanceEstimate {
  readonly #prior: readonly number[] | AcceptanceEstimate
  readonly #options: EstimateOptions
  readonly #accepted: Float64Array
  readonly #tried: Float64Array

  /** `prior`: the chance assumed per class before anything is seen, or what is known of all requests, which hears of this one's as well. */
  constructor(prior: readonly number[] | AcceptanceEstimate, options = prior instanceof AcceptanceEstimate ? PASSING : LASTING) {
    this.#prior = prior
    this.#options = options
    this.#accepted = new Float64Array(CLASSES)
    this.#tried = new Float64Array(CLASSES)
  }

  chance(kind: number): number {
    const prior = this.#prior instanceof AcceptanceEstimate ? this.#prior.chance(kind) : (this.#prior[kind] as number)
    const { priorWeight } = this.#options
    return ((this.#accepted[kind] as number) + priorWeight * prior) / ((this.#tried[kind] as number) + priorWeight)
  }

  record(kind: number, accepted: boolean): void {
    if (this.#prior instanceof AcceptanceEstimate) this.#prior.record(kind, accepted)
    const fade = 1 - 1 / this.#options.memory
    this.#accepted[kind] = (this.#accepted[kind] as number) * fade + (accepted ? 1 : 0)
    this.#tried[kind] = (this.#tried[kind] as number) * fade + 1
  }

  /** What was counted, to be kept over the life of a process. */
  get counts(): { accepted: number[]; tried: number[] } {
    return { accepted: [...this.#accepted], tried: [...this.#tried] }
  }

  set counts({ accepted, tried }: { accepted: readonly number[]; tried: readonly number[] }) {
    if (accepted.length !== CLASSES || tried.length !== CLASSES) return // of another version: starts anew
    this.#accepted.set(accepted)
    this.#tried.set(tried)
  }

  /** A step went by in which this class was not tried: the estimate goes back towards its prior. */
  fade(kind: number): void {
    const fade = 0.5 ** (1 / HALF_LIFE)
    this.#accepted[kind] = (this.#accepted[kind] as number) * fade
    this.#tried[kind] = (this.#tried[kind] as number) * fade
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
