import type { SchemaObject } from './atom.ts'
import type { Automaton } from './automaton.ts'
import { oneOf, unite } from './automaton.ts'
import { count, entries, fullList, has, names } from './reading.ts'
import { wrong } from './schema-error.ts'
import { ARRAYS, type ArrayShape, type Layer, type Node, OBJECTS, type ObjectShape, type Shape, textsOf } from './shape.ts'
import { others, patternOf } from './value-keywords.ts'

type Shapes = readonly Shape[]

/** How schemas inside a schema are read. */
export interface Inside {
  /** What this schema asks, or its opposite. */
  node(schema: unknown, at: string, negated?: boolean): Node
  shapes(node: Node): Shapes
}

export function arrayKeywords(schema: SchemaObject, at: string, negated: boolean, inside: Inside): Shapes[] {
  const min = count(schema, 'minItems', at, 0)
  const max = count(schema, 'maxItems', at, Number.POSITIVE_INFINITY)
  const unique = schema['uniqueItems'] === true
  // Before 2020-12 the list was in `items`, and the rest in `additionalItems`.
  const isOld = Array.isArray(schema['items'])
  const given = isOld ? schema['items'] : schema['prefixItems']
  const listed = given === undefined ? [] : fullList(given, `${at}.${isOld ? 'items' : 'prefixItems'}`, 'schemas')
  const restKeyword = isOld ? 'additionalItems' : 'items'
  const prefixNode = (i: number, opposite = false) => inside.node(listed[i], `${at}.${isOld ? 'items' : 'prefixItems'}[${i}]`, opposite)
  const rest = has(schema, restKeyword) ? inside.node(schema[restKeyword], `${at}.${restKeyword}`) : []
  const infinite = Number.POSITIVE_INFINITY
  if (negated) {
    const shapes: ArrayShape[] = listed.map((_, i) => ({
      ...ARRAYS,
      min: i + 1,
      prefix: [...Array<Node>(i).fill([]), prefixNode(i, true)],
    }))
    if (min > 0) shapes.push({ ...ARRAYS, max: min - 1 })
    if (max < infinite) shapes.push({ ...ARRAYS, min: max + 1 })
    if (schema[restKeyword] === false) shapes.push({ ...ARRAYS, min: listed.length + 1 })
    else if (rest.length > 0) throw wrong(at, `the opposite of ${restKeyword} cannot be expressed`)
    if (unique) throw wrong(at, 'the opposite of uniqueItems cannot be expressed')
    return shapes.map((shape) => [shape])
  }
  if (min > max) throw wrong(at, `maxItems ${max} is less than minItems ${min}`)
  if (min === 0 && max === infinite && !unique && listed.length === 0 && rest.length === 0) return []
  return [[...others('array'), { kind: 'array', prefix: listed.map((_, i) => prefixNode(i)), rest, min, max, unique }]]
}

export function objectKeywords(schema: SchemaObject, at: string, negated: boolean, inside: Inside): Shapes[] {
  const properties = has(schema, 'properties') ? entries(schema['properties'], `${at}.properties`) : []
  const patterns = has(schema, 'patternProperties') ? entries(schema['patternProperties'], `${at}.patternProperties`) : []
  const required = has(schema, 'required') ? names(schema['required'], `${at}.required`) : []
  const min = count(schema, 'minProperties', at, 0)
  const max = count(schema, 'maxProperties', at, Number.POSITIVE_INFINITY)
  const propertyAt = (name: string) => `${at}.properties.${name}`
  const dependent = has(schema, 'dependentRequired') ? entries(schema['dependentRequired'], `${at}.dependentRequired`) : []
  const dependents = dependent.map(([name, list]) => [name, names(list, `${at}.dependentRequired.${name}`)] as const)
  if (negated) {
    const found: Shape[] = properties.map(([name, one]) => requiring([name], layer([[name, inside.node(one, propertyAt(name), true)]])))
    for (const name of required) found.push(requiring([], absent(inside, name)))
    for (const [name, list] of dependents) for (const other of list) found.push(requiring([name], absent(inside, other)))
    if (min > 0) found.push({ ...OBJECTS, max: min - 1 })
    if (max < Number.POSITIVE_INFINITY) found.push({ ...OBJECTS, min: max + 1 })
    for (const keyword of ['patternProperties', 'additionalProperties', 'propertyNames', 'dependentSchemas'])
      if (has(schema, keyword) && schema[keyword] !== true) throw wrong(at, `the opposite of ${keyword} cannot be expressed`)
    return found.map((shape) => [shape])
  }
  if (min > max) throw wrong(at, `maxProperties ${max} is less than minProperties ${min}`)
  const own: Layer = {
    properties: new Map(properties.map(([name, one]) => [name, inside.node(one, propertyAt(name))])),
    patterns: patterns.map(([source, one]) => [
      patternOf(source, `${at}.patternProperties`),
      inside.node(one, `${at}.patternProperties[${JSON.stringify(source)}]`),
    ]),
    others: has(schema, 'additionalProperties') ? inside.node(schema['additionalProperties'], `${at}.additionalProperties`) : [],
  }
  const speaks = properties.length + patterns.length + own.others.length > 0
  const allowed = has(schema, 'propertyNames') ? namesOf(inside.node(schema['propertyNames'], `${at}.propertyNames`), inside) : undefined
  const shape: ObjectShape = {
    kind: 'object',
    layers: speaks ? [own] : [],
    required: new Set(required),
    ...(allowed && { names: allowed }),
    min,
    max,
  }
  const found: Shapes[] =
    shape.layers.length + required.length + min > 0 || allowed || max < Number.POSITIVE_INFINITY ? [[...others('object'), shape]] : []
  for (const [name, list] of dependents) found.push([...others('object'), requiring([], absent(inside, name)), requiring([name, ...list])])
  return found
}

/** `name` is absent, or all of `node` holds as well. */
export function dependentOn(name: string, shapes: Shapes, inside: Inside): Shapes {
  return [...others('object'), requiring([], absent(inside, name)), ...shapes.filter(({ kind }) => kind === 'object')]
}

function requiring(required: readonly string[], ...layers: Layer[]): ObjectShape {
  return { ...OBJECTS, required: new Set(required), layers }
}

function layer(properties: readonly (readonly [string, Node])[]): Layer {
  return { properties: new Map(properties), patterns: [], others: [] }
}

function absent(inside: Inside, name: string): Layer {
  return layer([[name, inside.node(false, '')]])
}

/** The texts that properties' names may be; undefined = all. */
function namesOf(node: Node, inside: Inside): Automaton | undefined {
  if (node.length === 0) return undefined
  const texts = inside.shapes(node).flatMap((shape) => {
    if (shape.kind === 'string') return [textsOf(shape)]
    return shape.kind === 'values' ? [oneOf(shape.values.filter((value) => typeof value === 'string'))] : []
  })
  return texts.length > 0 ? texts.reduce(unite) : oneOf([])
}
