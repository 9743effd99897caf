/** Decides how far a proposal goes. `chance` = estimated chance that the target accepts the path up to and with the token. */
export interface Planner {
  /** Whether one more token of the draft model pays, `nodes` being proposed already. */
  drafts(chance: number, nodes: number): boolean
  /** Whether verifying one more node pays. */
  verifies(chance: number, nodes: number): boolean
}

/** Fixed bounds on the chance: no knowledge of costs. */
export class ThresholdPlanner implements Planner {
  readonly #draft: number
  readonly #verify: number

  constructor(bounds: { draft: number; verify: number } = { draft: 0.3, verify: 0.15 }) {
    this.#draft = bounds.draft
    this.#verify = bounds.verify
  }

  drafts(chance: number): boolean {
    return chance >= this.#draft
  }

  verifies(chance: number): boolean {
    return chance >= this.#verify
  }
}
