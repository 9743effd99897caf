import { type CallFormat, readJsons, skipSpace, skipWord } from './call-format.ts'

/** JSON in a fence: what Qwen2.5-Coder writes, whatever its template says. */
export const fenced: CallFormat = {
  mark: /^[ \t]*```(?:json|tool_calls?|tool_code)?[ \t]*\n/gm,
  read(text, from, offered, isWhole) {
    const at = skipSpace(text, from)
    if (at === text.length) return isWhole ? undefined : 'more'
    const reading = readJsons(text, at, offered, isWhole, ',')
    if (reading === 'more' || reading === undefined) return reading
    const end = skipWord(text, reading.end, '```', isWhole)
    if (end === undefined) return 'more'
    const isClosed = end > reading.end || skipSpace(text, end) === text.length
    return isClosed ? { end, calls: reading.calls } : undefined
  },
}

/** JSON at the beginning of a line: Llama 3 without its tag, and models whose marks are not shown as text. */
export const plain: CallFormat = {
  mark: /^[ \t]*(?=[[{])/gm,
  read: (text, from, offered, isWhole) => readJsons(text, from, offered, isWhole, ';'),
}
