import { type CallFormat, readJsons, skipSpace, skipWord } from './call-format.ts'
import { readXml } from './xml.ts'

const CLOSE = '</tool_call>'

/** Qwen, Hermes and many others: `<tool_call>{"name": …, "arguments": {…}}</tool_call>`; the closing mark may be missing. */
export const hermes: CallFormat = {
  mark: /<tool_call>/g,
  read(text, from, offered, isWhole) {
    const at = skipSpace(text, from)
    const reading = text[at] === '<' ? readXml(text, at, offered, isWhole) : readJsons(text, at, offered, isWhole, ',')
    if (reading === 'more' || reading === undefined) return reading
    const end = skipWord(text, reading.end, CLOSE, isWhole)
    return end === undefined ? 'more' : { end, calls: reading.calls }
  },
}
