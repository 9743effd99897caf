import type { Writer } from './rules.ts'
import { wrong } from './schema-error.ts'
import { type ArrayShape, isSame, type Node } from './shape.ts'
import { jsonLiteral } from './spelling.ts'

const MAX_RULES = 4000

/** Items in their order. */
export function arrayRule(shape: ArrayShape, name: string, at: string, writer: Writer): string {
  const { rules, reader } = writer
  const space = rules.use('space')
  const { prefix, rest, min } = shape
  const impossible = prefix.findIndex((node) => reader.isEmpty(node))
  const room = impossible >= 0 ? impossible : reader.isEmpty(rest) ? prefix.length : Number.POSITIVE_INFINITY
  const max = Math.min(shape.max, room)
  if (shape.unique && max > 1) return `"[" ${space} ${uniqueItems({ ...shape, max }, name, at, writer)} "]" ${space}`
  const listed = Math.min(prefix.length, max)
  if (listed > MAX_RULES) throw wrong(at, 'lists too many items')
  let items = ''
  if (max > listed) {
    const item = writer.ruleOf(rest, `${name}-item`)
    const times = (from: number, to: number) => `{${Math.max(0, from)},${to === Number.POSITIVE_INFINITY ? '' : to}}`
    const more = (from: number, to: number) => `("," ${space} ${item})${times(from, to)}`
    if (listed > 0) items = more(min - listed, max - listed)
    else items = `(${item} ${more(min - 1, max - 1)})${min > 0 ? '' : '?'}`
  }
  for (let i = listed - 1; i >= 0; i--) {
    const one = `${i > 0 ? `"," ${space} ` : ''}${writer.ruleOf(prefix[i] as Node, `${name}-${i}`)} ${items}`
    items = rules.define(rules.name(`${name}-from-${i}`), i >= min ? `${one} | ""` : one)
  }
  return `"[" ${space} ${items} "]" ${space}`
}

/** Each value at most once: a rule per place and values that are left. */
function uniqueItems({ prefix, rest, min, max }: ArrayShape, name: string, at: string, writer: Writer): string {
  const { rules, reader } = writer
  const space = rules.use('space')
  const values: unknown[] = []
  const choices = [...prefix, rest].map((node) =>
    reader.shapes(node).flatMap((shape) => {
      if (shape.kind !== 'values') throw wrong(at, 'uniqueItems can be expressed only where items are an enum')
      return shape.values.map((value) => {
        const known = values.findIndex((other) => isSame(other, value))
        return known >= 0 ? known : values.push(value) - 1
      })
    }),
  )
  const known = new Map<string, string>()
  const from = (i: number, used: ReadonlySet<number>): string => {
    const key = `${Math.min(i, prefix.length)} ${Math.min(i, min)} ${[...used].sort((a, b) => a - b)}`
    const rule = known.get(key)
    if (rule) return rule
    if (known.size > MAX_RULES) throw wrong(at, 'uniqueItems has too many values to choose from')
    const own = rules.name(`${name}-unique-${known.size}`)
    known.set(key, own)
    const left = i < max ? new Set((choices[Math.min(i, prefix.length)] as number[]).filter((value) => !used.has(value))) : []
    const ways = [...left].map(
      (value) => `${i > 0 ? `"," ${space} ` : ''}${jsonLiteral(values[value])} ${space} ${from(i + 1, new Set([...used, value]))}`,
    )
    return rules.define(own, [...ways, ...(i >= min ? ['""'] : [])].join(' | ') || '[]')
  }
  return from(0, new Set())
}
