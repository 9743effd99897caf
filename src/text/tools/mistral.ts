import { ValueScan } from '../json-text.ts'
import { callOf } from './call.ts'
import { type CallFormat, readJson, skipSpace } from './call-format.ts'

/** Name, in newer templates an id and a mark, then the arguments. */
const NAMED = /^([\w.-]{1,64})(?:\[CALL_ID\][\w-]*)?(?:\[ARGS\])?\s*(?=\{)/
const CUT_NAMED = /^[\w.-]{0,64}(?:\[[\w\][-]*)?\s*$/

/** Mistral: `[TOOL_CALLS][{"name": …, "arguments": {…}}]`, or `[TOOL_CALLS]name[ARGS]{…}`. */
export const mistral: CallFormat = {
  mark: /\[TOOL_CALLS\]/g,
  read(text, from, offered, isWhole) {
    const at = skipSpace(text, from)
    const more = isWhole ? undefined : 'more'
    if (at === text.length) return more
    if (text[at] === '[' || text[at] === '{') return readJson(text, at, offered, isWhole)
    const head = text.slice(at, at + 200)
    const named = NAMED.exec(head)
    if (!named) return head.length < 200 && CUT_NAMED.test(head) ? more : undefined
    if (!offered.has(named[1] as string)) return undefined
    const begin = at + named[0].length
    const end = new ValueScan(begin).end(text)
    if (end === undefined) return more
    const call = callOf(named[1], text.slice(begin, end), offered)
    return call && { end, calls: [call] }
  },
}
