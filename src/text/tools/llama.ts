import { callOf, type Offered } from './call.ts'
import { type CallFormat, type Reading, readJsons, skipSpace } from './call-format.ts'

/** Tools that take the code itself. */
const CODE_TOOLS: readonly string[] = ['python', 'ipython', 'code_interpreter']
const BUILT_IN = /^([\w.-]{1,64})\.call\(([\s\S]*?)\)(?=\s*(?:;|$))/

/** Llama 3 behind its python tag: JSON with `parameters`, `name.call(key="value")`, or code. */
export const llama: CallFormat = {
  mark: /<\|python_tag\|>/g,
  read(text, from, offered, isWhole) {
    const at = skipSpace(text, from)
    if (at === text.length) return isWhole ? undefined : 'more'
    if (text[at] === '{' || text[at] === '[') return readJsons(text, at, offered, isWhole, ';')
    // Code has no closing mark: it goes to the end.
    return isWhole ? readCode(text, at, offered) : 'more'
  },
}

function readCode(text: string, from: number, offered: Offered): Reading {
  const code = text.slice(from)
  const [, name, given = ''] = BUILT_IN.exec(code) ?? []
  if (name !== undefined && offered.has(name)) {
    const pairs = [...given.matchAll(/(\w+)\s*=\s*("(?:[^"\\]|\\.)*"|[^,\s]+)/g)].map(([, key, value]) => `"${key}": ${value}`)
    const call = callOf(name, `{${pairs.join(', ')}}`, offered)
    return call && { end: text.length, calls: [call] }
  }
  const tool = CODE_TOOLS.find((one) => offered.has(one))
  const call = callOf(tool, JSON.stringify({ code: code.trimEnd() }), offered)
  return call && { end: text.length, calls: [call] }
}
