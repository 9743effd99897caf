import { ANY, type Automaton, accepts, intersect, isEmpty, oneOf, subtract, unite } from './automaton.ts'
import type { Rules, Writer } from './rules.ts'
import { wrong } from './schema-error.ts'
import { type Node, type ObjectShape, propertyNode } from './shape.ts'
import { jsonLiteral } from './spelling.ts'

const MAX_RULES = 20_000

/** Declared properties in their order, then others. */
export function objectRule(shape: ObjectShape, name: string, at: string, writer: Writer): string {
  const { rules, reader } = writer
  const space = rules.use('space')
  const declared = [...new Set([...shape.layers.flatMap(({ properties }) => [...properties.keys()]), ...shape.required])]
  const slots = declared
    .map((key) => ({ key, node: propertyNode(shape, key, reader), required: shape.required.has(key) }))
    .filter(({ key, node }) => (!shape.names || accepts(shape.names, key)) && !reader.isEmpty(node))
  const free = freePair(shape, declared, name, writer)
  const { min, max } = shape
  const cap = Math.max(1, max < Number.POSITIVE_INFINITY ? max : min)
  /** What may come after so many properties; undefined = no way to end well. */
  let after = Array.from({ length: Math.min(cap, slots.length) + 1 }, (_, count) => ending(free, count, min, max, space, at))
  if (slots.length * after.length > MAX_RULES) throw wrong(at, 'has too many properties for minProperties and maxProperties')
  for (let i = slots.length - 1; i >= 0; i--) {
    const { key, node, required } = slots[i] as (typeof slots)[number]
    const value = writer.ruleOf(node, `${name}-${key}`)
    const later = after.map((body, count) => body && shared(rules, body, `${name}-${i + 1}-${count}`))
    after = Array.from({ length: Math.min(cap, i) + 1 }, (_, count) => {
      const rest = count < max ? later[Math.min(count + 1, cap)] : undefined
      const present =
        rest === undefined ? [] : [`${count > 0 ? `"," ${space} ` : ''}${jsonLiteral(key)} ${space} ":" ${space} ${value} ${rest}`]
      const skipped = required || later[count] === undefined ? [] : [later[count] as string]
      const ways = [...present, ...skipped]
      return ways.length > 0 ? ways.join(' | ') : undefined
    })
  }
  const body = after[0]
  if (body === undefined) throw wrong(at, 'no object can be like this')
  return `"{" ${space} ${shared(rules, body, `${name}-0`)} "}" ${space}`
}

/** A rule of its own, unless it is short. */
function shared(rules: Rules, body: string, name: string): string {
  return /^[\w-]+$/.test(body) || body === '""' ? body : rules.define(rules.name(name), body)
}

/** How an object ends after `count` properties, with free ones where there may be. */
function ending(free: string | undefined, count: number, min: number, max: number, space: string, at: string): string | undefined {
  const [least, most] = [Math.max(0, min - count), max - count]
  if (free === undefined || most <= 0) return least > 0 ? undefined : '""'
  // Nothing keeps two free names from being the same.
  if (least > 1) throw wrong(at, `minProperties ${min} cannot be expressed where names are free`)
  const times = (from: number, to: number) => `{${from},${to === Number.POSITIVE_INFINITY ? '' : to}}`
  if (count > 0) return `("," ${space} ${free})${times(least, most)}`
  return `(${free} ("," ${space} ${free})${times(0, most - 1)})${least > 0 ? '' : '?'}`
}

/** The rule of a property that nobody declared; undefined = there are none. */
function freePair(shape: ObjectShape, declared: readonly string[], name: string, writer: Writer): string | undefined {
  const { rules, reader } = writer
  const space = rules.use('space')
  let regions: { names: Automaton; said: Node[][] }[] = [{ names: shape.names ?? ANY, said: shape.layers.map(() => []) }]
  for (const [i, { patterns }] of shape.layers.entries())
    for (const [automaton, node] of patterns)
      regions = regions.flatMap(({ names, said }) =>
        [
          { names: intersect(names, automaton), said: said.map((nodes, j) => (i === j ? [...nodes, node] : nodes)) },
          { names: subtract(names, automaton), said },
        ].filter((region) => !isEmpty(region.names)),
      )
  const byNode = new Map<string, { node: Node; names: Automaton }>()
  for (const { names, said } of regions) {
    const node = reader.all(...said.flatMap((nodes, i) => (nodes.length > 0 ? nodes : [shape.layers[i]?.others ?? []])))
    if (reader.isEmpty(node)) continue
    const known = byNode.get(reader.key(node))
    byNode.set(reader.key(node), { node, names: known ? unite(known.names, names) : names })
  }
  const pairs = [...byNode.values()].flatMap(({ node, names }) => {
    const left = declared.length > 0 ? subtract(names, oneOf(declared)) : names
    if (isEmpty(left)) return []
    const key = left === ANY ? rules.use('string') : `"\\"" ${rules.automaton(left, true, `${name}-name`)} "\\"" ${space}`
    return [`${key} ":" ${space} ${writer.ruleOf(node, `${name}-other`)}`]
  })
  return pairs.length > 0 ? rules.define(rules.name(`${name}-pair`), pairs.join(' | ')) : undefined
}
