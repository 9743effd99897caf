import type { Tool } from '../../api/types.ts'
import { elements, isObject, members, parsed } from '../json-text.ts'
import { fits } from './fits.ts'

/** A call as the model wrote it. */
export interface Call {
  readonly name: string
  /** A JSON object, in the model's own text. */
  readonly arguments: string
}

export type Offered = ReadonlyMap<string, Pick<Tool, 'parameters'>>

/** What the first key of a call may be. */
const FIRST_KEYS: readonly string[] = ['name', 'arguments', 'parameters', 'type', 'function', 'id', 'tool_call', 'tool_calls']
/** A key that is longer is none of them. */
const LONGEST_KEY = 16

/**
 * Whether JSON that begins at `from` may become calls: no where its first key, or the name, is none of a call.
 * Ordinary JSON in an answer is so not held back to its end.
 */
export function mayBeCalls(text: string, from: number, offered: Offered): 'more' | boolean {
  const rest = text.slice(from, from + 200)
  const head = /^\[?\s*(?:\{\{?)?\s*/.exec(rest)?.[0] ?? ''
  const key = rest.slice(head.length)
  if (key === '') return rest.length < 200 ? 'more' : false
  if (!head.includes('{') || key[0] !== '"') return false
  const first = /^"([^"\\]*)"/.exec(key)
  if (!first) return key.length <= LONGEST_KEY ? 'more' : false
  if (!FIRST_KEYS.includes(first[1] as string)) return false
  const name = /^"name"\s*:\s*"([^"\\]*)"/.exec(key)?.[1]
  return name === undefined || offered.has(name)
}

/** Lists and wrappers around a call. */
const DEEPEST = 4

/** The calls that a JSON text is, in any of the field's shapes; undefined: it is not that, or one of them is not legal. */
export function callsOf(json: string, offered: Offered, depth = 0): Call[] | undefined {
  if (depth > DEEPEST) return undefined
  // Some templates show the shape with doubled braces, and models repeat them.
  const text = /^\s*\{\s*\{[\s\S]*\}\s*\}\s*$/.test(json) ? json.trim().slice(1, -1) : json
  const value = parsed(text)
  if (Array.isArray(value)) {
    const all = elements(text).map((one) => callsOf(one, offered, depth + 1))
    return all.length > 0 && all.every((one) => one !== undefined) ? all.flat() : undefined
  }
  if (!isObject(value)) return undefined
  const parts = members(text)
  const inner = parts.get('tool_calls') ?? parts.get('tool_call') ?? (isObject(value['function']) ? parts.get('function') : undefined)
  if (inner !== undefined) return callsOf(inner, offered, depth + 1)
  const name = value['name'] ?? value['function']
  const call = callOf(name, parts.get('arguments') ?? parts.get('parameters') ?? '{}', offered)
  return call && [call]
}

/** A call of an offered tool with arguments that it takes. Arguments may be a JSON object, or one inside a JSON string. */
export function callOf(name: unknown, given: string, offered: Offered): Call | undefined {
  const tool = typeof name === 'string' ? offered.get(name) : undefined
  if (!tool) return undefined
  const value = parsed(given)
  const text = typeof value === 'string' ? value : value === null ? '{}' : given
  const object = parsed(text)
  if (!isObject(object) || !fits(tool.parameters ?? true, object)) return undefined
  return { name: name as string, arguments: text.trim() }
}
