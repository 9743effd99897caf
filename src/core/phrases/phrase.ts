import type { PhraseSource, Token } from '../token.ts'

/** A phrase as it leaves the pool: for drafting, for a store. */
export interface Phrase {
  readonly key: readonly Token[]
  readonly tokens: readonly Token[]
  readonly source: PhraseSource
  /** Times this continuation was seen behind its key. */
  readonly seen: number
  /** Tokens of it that were put to the target, and those accepted. */
  readonly tries: number
  readonly hits: number
  /** The target said something else behind the key, and has not said this since. */
  readonly refuted: boolean
}

export const MAX_KEY = 4
export const MAX_PHRASE = 16
export const SOURCES: readonly PhraseSource[] = ['window', 'verification', 'prompt', 'history', 'corpus', 'prediction']
