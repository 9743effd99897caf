import type { SchemaObject } from './atom.ts'
import { ANY, type Automaton, intersect, oneOf, subtract } from './automaton.ts'
import { compilePattern } from './compile-pattern.ts'
import { FORMATS, formatAutomaton, isSpelledOut } from './formats.ts'
import { atLeast, atMost, DECIMALS, equalTo, FRACTIONS, INTEGERS, multiples } from './numbers.ts'
import { PatternError } from './pattern.ts'
import { count, fullList, has, number, text } from './reading.ts'
import { wrong } from './schema-error.ts'
import { ARRAYS, EVERYTHING, OBJECTS, type Shape, STRINGS } from './shape.ts'

/** A keyword's values, or those of its opposite. */
type Shapes = readonly Shape[]

const TYPES: Readonly<Record<string, Shape>> = {
  null: { kind: 'values', values: [null] },
  boolean: { kind: 'values', values: [true, false] },
  integer: { kind: 'number', automaton: INTEGERS },
  number: { kind: 'number' },
  string: STRINGS,
  array: ARRAYS,
  object: OBJECTS,
}
const OPPOSITE_OF_INTEGERS: Shape = { kind: 'number', automaton: FRACTIONS }

/** All values but those of this kind. */
export function others(kind: Shape['kind']): Shapes {
  return EVERYTHING.filter((shape) => shape.kind !== kind)
}

export function typeKeywords(schema: SchemaObject, at: string, negated: boolean): Shapes[] {
  const found: Shapes[] = []
  if (has(schema, 'type')) {
    const given = schema['type']
    const types = new Set(Array.isArray(given) ? fullList(given, `${at}.type`, 'types') : [given])
    for (const type of types)
      if (typeof type !== 'string' || !Object.hasOwn(TYPES, type)) throw wrong(at, `there is no type ${JSON.stringify(type)}`)
    if (schema['nullable'] === true) types.add('null')
    if (types.has('number')) types.delete('integer')
    const chosen = negated ? Object.keys(TYPES).filter((type) => !types.has(type) && type !== 'integer') : ([...types] as string[])
    const shapes = chosen.map((type) => (type === 'number' && types.has('integer') ? OPPOSITE_OF_INTEGERS : (TYPES[type] as Shape)))
    found.push(shapes)
  }
  for (const keyword of ['enum', 'const']) {
    if (!has(schema, keyword)) continue
    const values = keyword === 'const' ? [schema[keyword]] : fullList(schema[keyword], `${at}.enum`, 'values')
    for (const value of values) checkExact(value, `${at}.${keyword}`)
    found.push(negated ? without(values, at) : [{ kind: 'values', values }])
  }
  return found
}

/** Beyond 2^53 nobody knows any more which number was meant: it came through a reader of JSON. */
function checkExact(value: unknown, at: string): void {
  if (typeof value === 'number' && !(Math.abs(value) <= 2 ** 53))
    throw wrong(at, `${value} is beyond 2^53, where numbers of JSON lose digits: say it as text, or as a range`)
  if (typeof value === 'object' && value !== null) for (const one of Object.values(value)) checkExact(one, at)
}

/** Everything but these values. */
function without(values: readonly unknown[], at: string): Shapes {
  if (values.some((value) => typeof value === 'object' && value !== null))
    throw wrong(at, 'the opposite of an object or array cannot be expressed')
  const numbers = values.filter((value) => typeof value === 'number').map(equalTo)
  const strings = values.filter((value) => typeof value === 'string')
  return [
    { kind: 'values', values: [null, true, false].filter((value) => !values.includes(value)) },
    numbers.length > 0 ? { kind: 'number', automaton: numbers.reduce(subtract, DECIMALS) } : { kind: 'number' },
    strings.length > 0 ? { ...STRINGS, automaton: subtract(ANY, oneOf(strings)) } : STRINGS,
    ARRAYS,
    OBJECTS,
  ]
}

export function numberKeywords(schema: SchemaObject, at: string, negated: boolean): Shapes[] {
  const found: Automaton[] = []
  for (const [keyword, exclusive, bounded] of [
    ['minimum', 'exclusiveMinimum', atLeast],
    ['maximum', 'exclusiveMaximum', atMost],
  ] as const) {
    // In draft 4 the second is a flag of the first.
    if (has(schema, keyword)) found.push(bounded(number(schema, keyword, at), schema[exclusive] === true))
    if (has(schema, exclusive) && typeof schema[exclusive] !== 'boolean') found.push(bounded(number(schema, exclusive, at), true))
  }
  if (has(schema, 'multipleOf')) {
    const divisor = number(schema, 'multipleOf', at)
    if (divisor <= 0) throw wrong(at, `multipleOf is above 0: received ${divisor}`)
    const automaton = multiples(divisor)
    if (!automaton) throw wrong(at, `multipleOf ${divisor} cannot be expressed: it has too many digits`)
    found.push(automaton)
  }
  return found.map((automaton) =>
    negated ? [{ kind: 'number', automaton: subtract(DECIMALS, automaton) }] : [...others('number'), { kind: 'number', automaton }],
  )
}

export function stringKeywords(schema: SchemaObject, at: string, negated: boolean): Shapes[] {
  const found: Shapes[] = []
  const min = count(schema, 'minLength', at, 0)
  const max = count(schema, 'maxLength', at, Number.POSITIVE_INFINITY)
  if (!negated && min > max) throw wrong(at, `maxLength ${max} is less than minLength ${min}`)
  if (!negated && (min > 0 || max < Number.POSITIVE_INFINITY)) found.push([...others('string'), { kind: 'string', min, max }])
  if (negated && min > 0) found.push([{ kind: 'string', min: 0, max: min - 1 }])
  if (negated && max < Number.POSITIVE_INFINITY) found.push([{ kind: 'string', min: max + 1, max: Number.POSITIVE_INFINITY }])
  const automata: Automaton[] = []
  if (has(schema, 'pattern') && !isSpelledOut(schema)) automata.push(patternOf(text(schema, 'pattern', at), at))
  if (has(schema, 'format')) {
    const format = text(schema, 'format', at)
    const automaton = formatAutomaton(format)
    // An unknown format beside a pattern is a name for it.
    if (!automaton && !has(schema, 'pattern'))
      throw wrong(at, `format ${JSON.stringify(format)} is not known: known are ${FORMATS.join(', ')}`)
    if (automaton) automata.push(automaton)
  }
  for (const automaton of negated ? automata.map((one) => subtract(ANY, one)) : automata.length > 0 ? [automata.reduce(intersect)] : [])
    found.push(negated ? [{ ...STRINGS, automaton }] : [...others('string'), { ...STRINGS, automaton }])
  return found
}

export function patternOf(source: string, at: string): Automaton {
  try {
    return compilePattern(source)
  } catch (error) {
    if (error instanceof PatternError) throw wrong(at, `pattern ${JSON.stringify(source.slice(0, 100))}: ${error.message}`)
    throw error
  }
}
