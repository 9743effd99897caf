import type { AcceptanceEstimate } from '../core/control/acceptance.ts'
import type { PhraseChance } from '../core/control/phrase-chance.ts'
import type { PriceState, Prices } from '../core/control/prices.ts'
import { MeasurementCache } from './measurement-cache.ts'

/** What cost control has learned with a pair of models: numbers only, nothing of any text. */
export interface Learned {
  readonly estimate: AcceptanceEstimate
  readonly phraseChance: PhraseChance
  readonly prices: Prices
}

interface Stored {
  readonly counts: { accepted: number[]; tried: number[] }
  readonly weights: number[]
  readonly prices: PriceState
}

/** Takes up what earlier processes have learned under this key, if anything. */
export function recallLearned(key: string, { estimate, phraseChance, prices }: Learned): void {
  const stored = new MeasurementCache<Stored>('learned.json').get(key)
  if (!stored) return
  estimate.counts = stored.counts
  phraseChance.weights = stored.weights
  prices.state = stored.prices
}

export function rememberLearned(key: string, { estimate, phraseChance, prices }: Learned): void {
  new MeasurementCache<Stored>('learned.json').set(key, { counts: estimate.counts, weights: phraseChance.weights, prices: prices.state })
}
