/** What is known of a token that the pool proposes, before the target has answered. */
export interface PhraseFacts {
  /** Tokens of the key that it was found under, 1 to 4. */
  readonly keySize: number
  /** Times it was seen behind this key, and all continuations of the key together. */
  readonly seen: number
  readonly seenAll: number
  /** Different continuations of the key. */
  readonly siblings: number
  /** Seen in this conversation, not in an earlier one. */
  readonly isLocal: boolean
  /** Tokens in a row before it that the pool foresaw. */
  readonly streak: number
  /** Tokens of this phrase that were put to the target so far, and those accepted. */
  readonly tries: number
  readonly hits: number
}

/**
 * Fitted once, on answers of prompts that no published figure uses (seven kinds of task, cold and warm pools); online learning goes on
 * from there. Order as in `inputs`.
 */
const FITTED = [-1.9, 0.85, 1.1, 1.8, 1.9, 0.9, 0.7, 0.5, -0.4, 1]
const RATE = 0.03
/** How fast one request's own leaning is learned, and how much of it is left after each token. */
const OWN_RATE = 0.4
const OWN_MEMORY = 0.99
const MOST_STREAK = 32

/**
 * Chance that the target accepts a phrase's token, if it accepts what is before it: a logistic regression that learns from every answer.
 * One made from another leans on it, and learns besides within some tokens whether phrases do better or worse in this one request.
 */
export class PhraseChance {
  readonly #weights = Float64Array.from(FITTED)
  readonly #lasting: PhraseChance | undefined
  #leaning = 0

  constructor(lasting?: PhraseChance) {
    this.#lasting = lasting
  }

  of(facts: PhraseFacts): number {
    if (this.#lasting) return sigmoid(this.#lasting.#sum(inputs(facts)) + this.#leaning)
    return sigmoid(this.#sum(inputs(facts)))
  }

  learn(facts: PhraseFacts, accepted: boolean): void {
    if (this.#lasting) {
      this.#leaning = OWN_MEMORY * this.#leaning + OWN_RATE * ((accepted ? 1 : 0) - this.of(facts))
      this.#lasting.learn(facts, accepted)
      return
    }
    const x = inputs(facts)
    const error = (accepted ? 1 : 0) - sigmoid(this.#sum(x))
    for (let i = 0; i < x.length; i++) this.#weights[i] = (this.#weights[i] as number) + RATE * error * (x[i] as number)
  }

  /** What was learned, to be kept over the life of a process. */
  get weights(): number[] {
    return [...this.#weights]
  }

  set weights(weights: readonly number[]) {
    if (weights.length === FITTED.length) this.#weights.set(weights) // else of another version: starts anew
  }

  #sum(x: readonly number[]): number {
    return x.reduce((sum, value, i) => sum + value * (this.#weights[i] as number), 0)
  }
}

function inputs({ keySize, seen, seenAll, siblings, isLocal, streak, tries, hits }: PhraseFacts): number[] {
  return [
    1,
    keySize === 2 ? 1 : 0,
    keySize === 3 ? 1 : 0,
    keySize === 4 ? 1 : 0,
    Math.log((seen + 0.5) / (seenAll + 0.5 * siblings)),
    isLocal ? 1 : 0,
    Math.log1p(Math.min(seen, 64)),
    Math.log1p(Math.min(streak, MOST_STREAK)),
    streak > 0 ? 1 : 0,
    Math.log((hits + 4) / (tries + 4)),
  ]
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x))
}
