import { CONTROL } from './constants.ts'

/** What a probability is estimated from: the inputs of a logistic regression. */
export type Evidence = readonly number[]

/**
 * Probability that the target accepts a proposed token if it accepts what is before it: logistic regression, learned online from every
 * answer. A model made from another one shares its weights and has a bias of its own, so that it soon follows one request.
 */
export class AcceptanceModel {
  readonly #weights: Float64Array
  readonly #shared: AcceptanceModel | undefined
  #bias = 0

  constructor(from: readonly number[] | AcceptanceModel) {
    this.#shared = from instanceof AcceptanceModel ? from : undefined
    this.#weights = from instanceof AcceptanceModel ? from.#weights : Float64Array.from(from)
  }

  probability(evidence: Evidence): number {
    const sum = evidence.reduce((total, value, i) => total + value * (this.#weights[i] as number), this.#bias)
    return 1 / (1 + Math.exp(-sum))
  }

  learn(evidence: Evidence, accepted: boolean): void {
    const error = Number(accepted) - this.probability(evidence)
    if (this.#shared) {
      this.#bias = 0.5 ** (1 / CONTROL.halfLife) * this.#bias + CONTROL.requestRate * error
      this.#shared.learn(evidence, accepted)
      return
    }
    for (const [i, value] of evidence.entries()) this.#weights[i] = (this.#weights[i] as number) + CONTROL.learningRate * error * value
  }

  /** What was learned, to be kept over the life of a process. */
  get weights(): number[] {
    return [...this.#weights]
  }

  set weights(weights: readonly number[]) {
    if (weights.length === this.#weights.length) this.#weights.set(weights)
  }
}

/** `probability`: the draft model's own. */
export function draftEvidence(probability: number): Evidence {
  const bounded = Math.min(0.98, Math.max(0.02, probability))
  return [1, Math.log(bounded / (1 - bounded))]
}
