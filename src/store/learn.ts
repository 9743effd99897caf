import type { Phrase } from '../core/phrases/phrase.ts'
import { PhrasePool } from '../core/phrases/phrase-pool.ts'
import type { Token } from '../core/token.ts'
import { MOST_PHRASES } from './history-settings.ts'
import { filesBelow, textOf } from './text-files.ts'

export interface LearnedCounts {
  files: number
  /** Files that are no text, and those beyond `MOST_TEXT`. */
  leftOut: number
  bytes: number
  tokens: number
}

/** Bytes of text that are learned at most. */
export const MOST_TEXT = 32 * 2 ** 20

/** The phrases of these files and folders, as many as a history holds: the most useful ones. Throws E_FILE. */
export function learnFiles(
  paths: readonly string[],
  tokenize: (text: string) => readonly Token[],
  onFile: (counts: Readonly<LearnedCounts>) => void,
): { phrases: Phrase[]; counts: LearnedCounts } {
  const pool = new PhrasePool({ capacityBytes: MOST_PHRASES * PhrasePool.bytesPerPhrase })
  const counts = { files: 0, leftOut: 0, bytes: 0, tokens: 0 }
  for (const file of filesBelow(paths)) {
    const text = counts.bytes < MOST_TEXT ? textOf(file) : undefined
    if (text === undefined) {
      counts.leftOut++
      continue
    }
    const tokens = tokenize(text)
    pool.learn(tokens, 0, tokens.length, 'corpus')
    counts.files++
    counts.bytes += Buffer.byteLength(text)
    counts.tokens += tokens.length
    onFile(counts)
  }
  return { phrases: [...pool.entries()], counts }
}
