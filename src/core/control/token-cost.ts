import { AcceptanceModel, draftEvidence } from './acceptance.ts'
import { CONTROL } from './constants.ts'

/**
 * Running means over all requests: what an emitted token costs where a phrase is known and where none is (in plain tokens: what plain decoding
 * takes for one), what it costs without the draft model, and how often a draft token is accepted.
 */
export class TokenCost {
  withPhrase = 1
  withoutPhrase = 1
  /** Where the draft model has not read what comes before and is left out. */
  undrafted = 1
  acceptanceRate = new AcceptanceModel(CONTROL.draftWeights).probability(draftEvidence(0.8))

  /** Cost of a token where a phrase is known with this probability. */
  at(phraseProbability: number): number {
    return phraseProbability * this.withPhrase + (1 - phraseProbability) * this.withoutPhrase
  }

  /** `cost`: of the emitted tokens together; `undrafted`: the draft model has not read what comes before. */
  observe(phraseProbability: number, emitted: number, cost: number, undrafted = false): void {
    const weight = newShare(emitted)
    if (undrafted) this.undrafted += weight * (cost / emitted - this.undrafted)
    this.withPhrase += phraseProbability * weight * (cost / emitted - this.withPhrase)
    this.withoutPhrase += (1 - phraseProbability) * weight * (cost / emitted - this.withoutPhrase)
  }

  observeDraftToken(accepted: boolean): void {
    this.acceptanceRate += newShare(1) * (Number(accepted) - this.acceptanceRate)
  }
}

/** How much of a running mean so many tokens replace. */
function newShare(tokens: number): number {
  return 1 - 0.5 ** (tokens / CONTROL.halfLife)
}

/** The guarantee against plain decoding: losses are counted, and when they are too many, steps are plain until they are earned back. */
export class LossBudget {
  /** Plain tokens that may still be lost. */
  balance = CONTROL.credit / 2

  get isSpent(): boolean {
    return this.balance < 0
  }

  /** What a token is worth, of itself. Several sessions decide before one of them sees a loss: each may risk its part only. */
  caution(sessions: number): number {
    return CONTROL.caution + (1 - CONTROL.caution) * (this.balance / CONTROL.credit / sessions)
  }

  /** `cost`: of the emitted tokens, in plain tokens. No single loss stops drafts for longer than it takes to earn back two tokens. */
  observe(emitted: number, cost: number): void {
    this.balance = Math.max(-2, Math.min(CONTROL.credit, this.balance + (1 + CONTROL.lossShare) * emitted - cost))
  }
}
