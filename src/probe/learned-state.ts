import type { AcceptanceModel } from '../core/control/acceptance.ts'
import type { LossBudget, TokenCost } from '../core/control/token-cost.ts'
import { MeasurementCache } from './measurement-cache.ts'

/** What cost control has learned with a pair of models: numbers only, nothing of any text. */
export interface Learned {
  readonly draftAcceptance: AcceptanceModel
  readonly phraseAcceptance: AcceptanceModel
  readonly tokenCost: TokenCost
  readonly lossBudget: LossBudget
}

interface Stored {
  /** Of this shape; others are ignored. */
  readonly version: typeof VERSION
  readonly draftWeights: number[]
  readonly phraseWeights: number[]
  readonly cost: Pick<TokenCost, 'withPhrase' | 'withoutPhrase' | 'undrafted' | 'acceptanceRate'>
  readonly balance: number
}

const VERSION = 3

/** Takes up what earlier processes have learned under this key, if anything. */
export function recallLearned(key: string, { draftAcceptance, phraseAcceptance, tokenCost, lossBudget }: Learned): void {
  const stored = new MeasurementCache<Stored>('learned.json').get(key)
  if (stored?.version !== VERSION) return
  draftAcceptance.weights = stored.draftWeights
  phraseAcceptance.weights = stored.phraseWeights
  Object.assign(tokenCost, stored.cost)
  lossBudget.balance = stored.balance
}

export function rememberLearned(key: string, { draftAcceptance, phraseAcceptance, tokenCost, lossBudget }: Learned): void {
  new MeasurementCache<Stored>('learned.json').set(key, {
    version: VERSION,
    draftWeights: draftAcceptance.weights,
    phraseWeights: phraseAcceptance.weights,
    cost: { ...tokenCost },
    balance: lossBudget.balance,
  })
}
