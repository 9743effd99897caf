import { createHash } from 'node:crypto'
import { OuroborosError } from '../core/errors.ts'
import { MAX_KEY, MAX_PHRASE, SOURCES } from '../core/phrases/phrase.ts'
import type { KeptPhrase, KeptPhrases } from './kept-phrases.ts'

/** First line of an exported file. */
interface Head {
  readonly ouroboros: 'phrases'
  readonly format: 1
  readonly vocabulary: string
}

/** Phrases as lines of JSON: a head, a phrase a line, and the checksum of all lines before it. */
export function* exportLines(kept: KeptPhrases, vocabulary: string): Generator<string> {
  const hash = createHash('sha256')
  const line = (value: unknown): string => {
    const text = `${JSON.stringify(value)}\n`
    hash.update(text)
    return text
  }
  yield line({ ouroboros: 'phrases', format: 1, vocabulary } satisfies Head)
  for (const { key, tokens, source, seen, tries, hits, refuted, used } of kept.entries())
    yield line([key, tokens, SOURCES.indexOf(source), seen, tries, hits, refuted ? 1 : 0, used])
  yield `${JSON.stringify({ sha256: hash.digest('hex') })}\n`
}

/** What `exportLines` has written. Throws E_STORE where the text is something else, or not whole. */
export function readExport(text: string, file: string): { vocabulary: string; phrases: KeptPhrase[] } {
  const end = text.lastIndexOf('\n', text.length - 2) + 1
  const sum = createHash('sha256').update(text.slice(0, end)).digest('hex')
  try {
    const [first = '', ...rest] = text.slice(0, end).split('\n').slice(0, -1)
    const head = JSON.parse(first) as Head
    if (head.ouroboros !== 'phrases' || head.format !== 1 || !/^[0-9a-f]{16}$/.test(head.vocabulary)) throw new RangeError('its first line')
    if ((JSON.parse(text.slice(end)) as { sha256?: string }).sha256 !== sum) throw new RangeError('its checksum')
    return { vocabulary: head.vocabulary, phrases: rest.map((line) => phrase(JSON.parse(line))) }
  } catch (cause) {
    throw new OuroborosError('E_STORE', `${file} holds no whole export of phrases: ${(cause as Error).message} is wrong, export it again`, {
      cause,
    })
  }
}

function phrase(row: unknown): KeptPhrase {
  const [key, tokens, source, seen, tries, hits, refuted, used] = row as [
    number[],
    number[],
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const counts = [...key, ...tokens, seen, tries, hits, used]
  const isPhrase = key.length >= 1 && key.length <= MAX_KEY && tokens.length >= 1 && tokens.length <= MAX_PHRASE
  const name = SOURCES[source]
  if (!isPhrase || name === undefined || seen > 0xffff || !counts.every((count) => Number.isInteger(count) && count >= 0))
    throw new RangeError('a phrase')
  return { key, tokens, source: name, seen, tries, hits, refuted: refuted === 1, used }
}
