import { isObject, parsed } from '../json-text.ts'
import { callOf, type Offered } from './call.ts'
import { type CallFormat, type Reading, skipSpace } from './call-format.ts'

const OPEN = '<function='
const CLOSE = '</function>'
const PARAMETER = /<parameter=([^>\n]+)>\n?([\s\S]*?)\n?<\/parameter>/g

/** Qwen3-Coder: `<function=name><parameter=key>value</parameter></function>`; with JSON inside as some Llamas write it. */
export const xml: CallFormat = {
  mark: /<function=/g,
  read: (text, from, offered, isWhole) => readXml(text, from - OPEN.length, offered, isWhole),
}

/** Reads `<function=…>` that begins at `from`. */
export function readXml(text: string, from: number, offered: Offered, isWhole: boolean): Reading {
  const more = isWhole ? undefined : 'more'
  if (!text.startsWith(OPEN, from)) return OPEN.startsWith(text.slice(from)) ? more : undefined
  const name = /^[\w.-]{0,64}/.exec(text.slice(from + OPEN.length, from + OPEN.length + 65))?.[0] as string
  const begin = from + OPEN.length + name.length
  if (begin === text.length) return more
  if (text[begin] !== '>' || !offered.has(name)) return undefined
  const close = text.indexOf(CLOSE, begin)
  if (close < 0) return more
  const body = text.slice(begin + 1, close)
  const given = body[skipSpace(body, 0)] === '{' ? body : objectOf(body, offered.get(name)?.parameters)
  const call = callOf(name, given, offered)
  return call && { end: close + CLOSE.length, calls: [call] }
}

/** Values are bare text: what the schema calls a string is one, anything else is JSON where it can be read as that. */
function objectOf(body: string, parameters: unknown): string {
  const properties = isObject(parameters) && isObject(parameters['properties']) ? parameters['properties'] : {}
  const pairs = [...body.matchAll(PARAMETER)].map(([, key = '', value = '']) => {
    const schema = Object.hasOwn(properties, key) ? properties[key] : undefined
    const isText = isObject(schema) && schema['type'] === 'string'
    return `${JSON.stringify(key)}: ${isText || parsed(value) === undefined ? JSON.stringify(value) : value.trim()}`
  })
  return `{${pairs.join(', ')}}`
}
