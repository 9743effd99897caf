import type { Evidence } from '../control/acceptance.ts'

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
  /** Tokens in a row before it that the pool predicted. */
  readonly predictedRun: number
  /** Tokens of this phrase that were put to the target so far, and those accepted. */
  readonly tries: number
  readonly hits: number
}

/** Inputs of `CONTROL.phraseWeights`. */
export function phraseEvidence({ keySize, seen, seenAll, siblings, isLocal, predictedRun, tries, hits }: PhraseFacts): Evidence {
  return [
    1,
    Number(keySize === 2),
    Number(keySize === 3),
    Number(keySize === 4),
    Math.log((seen + 0.5) / (seenAll + 0.5 * siblings)),
    Number(isLocal),
    Math.log1p(Math.min(seen, 64)),
    Math.log1p(Math.min(predictedRun, 32)),
    Number(predictedRun > 0),
    Math.log((hits + 4) / (tries + 4)),
  ]
}
