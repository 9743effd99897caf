import { ValueScan } from '../json-text.ts'
import { type Call, callsOf, mayBeCalls, type Offered } from './call.ts'

/** What stands behind a mark: too little to know, no call, or calls up to `end`. */
export type Reading = 'more' | undefined | { readonly end: number; readonly calls: readonly Call[] }

/** How a family of models writes calls. */
export interface CallFormat {
  /** Where calls may begin; global. */
  readonly mark: RegExp
  /**
   * Reads behind the mark. An answer other than `more` is the same for every longer text; `isWhole` = nothing follows any more,
   * and `more` is no answer.
   */
  read(text: string, from: number, offered: Offered, isWhole: boolean): Reading
}

/** The index of the first character from `from` on that is no white space. */
export function skipSpace(text: string, from: number): number {
  let at = from
  while (at < text.length && /\s/.test(text[at] as string)) at++
  return at
}

/** Reads `word` where it comes next; the position behind it, `from` where something else comes, undefined while it may still come. */
export function skipWord(text: string, from: number, word: string, isWhole: boolean): number | undefined {
  const at = skipSpace(text, from)
  if (text.startsWith(word, at)) return at + word.length
  return !isWhole && word.startsWith(text.slice(at)) ? undefined : from
}

/** Reads one JSON value as calls. */
export function readJson(text: string, from: number, offered: Offered, isWhole: boolean): Reading {
  const at = skipSpace(text, from)
  const may = mayBeCalls(text, at, offered)
  if (may === false) return undefined
  const end = may === true ? new ValueScan(at).end(text) : undefined
  if (end === undefined) return isWhole ? undefined : 'more'
  const calls = callsOf(text.slice(at, end), offered)
  return calls && { end, calls }
}

/** Reads JSON values one after another, with `separator` or nothing between them. */
export function readJsons(text: string, from: number, offered: Offered, isWhole: boolean, separator: string): Reading {
  const calls: Call[] = []
  let end = from
  for (;;) {
    const one = readJson(text, end, offered, isWhole)
    if (one === 'more') return 'more'
    if (one === undefined) return calls.length > 0 ? { end, calls } : undefined
    calls.push(...one.calls)
    const next = skipWord(text, one.end, separator, isWhole)
    if (next === undefined) return 'more'
    end = next
    const more = skipSpace(text, end)
    if (more === text.length && !isWhole) return 'more'
    if (text[more] !== '{' && text[more] !== '[') return { end, calls }
  }
}
