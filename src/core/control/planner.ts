/** What an addition to a proposal is expected to bring. */
export interface Worth {
  /** Tokens of it that pay. */
  readonly count: number
  /** What they save, in a unit of the planner's own: offers are only compared with each other; at most 0: leave it. */
  readonly gain: number
}

export const WORTHLESS: Worth = { count: 0, gain: 0 }

/** A draft pass that could be made. */
export interface DraftOffer {
  /** Chance that the target accepts everything before it. */
  readonly chance: number
  /** Chance of a token of the draft model, before it is known. */
  readonly tokenChance: number
  /** Chance that it will be one of which the draft model is confident, and the chance of such a token. */
  readonly confident: number
  readonly confidentChance: number
  /** Most tokens that it may still write. */
  readonly most: number
  /** Tokens that the draft model must read first; 1 = it is up to date. */
  readonly pending: number
  /** Nodes already proposed. */
  readonly nodes: number
  /** Chance of the best phrase's first token there; 0 = none is known. */
  readonly known: number
}

/** Where a step begins. */
export interface StepStart {
  /** The session's own tokens that are in the target's pass whatever is proposed. */
  readonly base: number
  /** Tokens of other sessions in it. */
  readonly beside: number
  /** Tokens before the pass. */
  readonly context: number
  /** Tokens still to be emitted. */
  readonly remaining: number
  /** Chance of the best phrase's first token; 0 = none is known. */
  readonly known: number
}

/** What a step came to. */
export interface Outcome {
  readonly emitted: number
  /** Nodes that were sent to the target. */
  readonly nodes: number
  /** Tokens of each draft pass. */
  readonly draftWidths: readonly number[]
}

/** Decides how far a proposal goes. Chances are those of whole paths: that the target accepts everything up to and with a token. */
export interface Planner {
  begin(step: StepStart): void
  /** How many of these further nodes, one below the other, pay behind `nodes` proposed ones. `known`: chance of the first one by itself. */
  verify(chances: readonly number[], nodes: number, known: number): Worth
  /** Whether asking the draft model pays, and how many tokens are expected of it. */
  draft(offer: DraftOffer): Worth
  /** How many nodes of a guess may ride in a draft pass of `width` tokens; `chances`: that the draft model writes them. */
  guess(chances: readonly number[], width: number): number
  /** Columns of a lookahead window of N = `ngram` on the draft model; 0 = none. */
  window(ngram: number): number
  /** Whether a node costs next to nothing, so that several phrases may hang at the draft's end and before it. */
  readonly allowsBranches: boolean
  /** How many of the proposal's nodes to send, in their order. */
  trim(chances: readonly number[], known: readonly number[]): number
  observe(outcome: Outcome): void
  /** The answer is over. */
  close(): void
}

/** Fixed bounds on the chance: no knowledge of costs. */
export class ThresholdPlanner implements Planner {
  readonly #bounds: { draft: number; verify: number; direct: number; guess: number }

  /** `direct`: a phrase of this chance is preferred to the draft model; `guess`: nodes that ride in a draft pass. */
  constructor(bounds: { draft?: number; verify?: number; direct?: number; guess?: number } = {}) {
    this.#bounds = { draft: 0.3, verify: 0.15, direct: 0.8, guess: 16, ...bounds }
  }

  begin(): void {}

  verify(chances: readonly number[]): Worth {
    const end = chances.findIndex((chance) => chance < this.#bounds.verify)
    const count = end < 0 ? chances.length : end
    return { count, gain: count === 0 ? 0 : (chances[0] as number) >= this.#bounds.direct ? 2 : 0.5 }
  }

  draft({ chance, tokenChance, most }: DraftOffer): Worth {
    return chance * tokenChance >= this.#bounds.draft ? { count: most, gain: 1 } : WORTHLESS
  }

  guess(chances: readonly number[]): number {
    return Math.min(chances.length, this.#bounds.guess)
  }

  window(): number {
    return 0
  }

  get allowsBranches(): boolean {
    return false
  }

  trim(chances: readonly number[]): number {
    return chances.length
  }

  observe(): void {}

  close(): void {}
}
