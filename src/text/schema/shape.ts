import type { Atom } from './atom.ts'
import type { Automaton } from './automaton.ts'
import { ANY, accepts, intersect, isEmpty, lengths } from './automaton.ts'
import { decimalText } from './numbers.ts'

/** What a value must be: all of these at once. None = anything. */
export type Node = readonly Atom[]

/** Values of one kind. A schema's values are those of a list of shapes. */
export type Shape = ValuesShape | NumberShape | StringShape | ArrayShape | ObjectShape

export interface ValuesShape {
  readonly kind: 'values'
  readonly values: readonly unknown[]
}

/** Over decimal texts; without = all numbers. */
export interface NumberShape {
  readonly kind: 'number'
  readonly automaton?: Automaton
}

export interface StringShape {
  readonly kind: 'string'
  readonly automaton?: Automaton
  /** Characters. */
  readonly min: number
  readonly max: number
}

export interface ArrayShape {
  readonly kind: 'array'
  readonly prefix: readonly Node[]
  readonly rest: Node
  readonly min: number
  readonly max: number
  readonly unique: boolean
}

export interface ObjectShape {
  readonly kind: 'object'
  /** One per schema that speaks about properties: each property must be right for all. */
  readonly layers: readonly Layer[]
  readonly required: ReadonlySet<string>
  /** Of properties' names. */
  readonly names?: Automaton
  readonly min: number
  readonly max: number
}

/** What one schema says about properties: by name, by pattern, and about all others. */
export interface Layer {
  readonly properties: ReadonlyMap<string, Node>
  readonly patterns: readonly (readonly [Automaton, Node])[]
  readonly others: Node
}

export const STRINGS: StringShape = { kind: 'string', min: 0, max: Number.POSITIVE_INFINITY }
export const ARRAYS: ArrayShape = { kind: 'array', prefix: [], rest: [], min: 0, max: Number.POSITIVE_INFINITY, unique: false }
export const OBJECTS: ObjectShape = { kind: 'object', layers: [], required: new Set(), min: 0, max: Number.POSITIVE_INFINITY }
/** Every JSON value. */
export const EVERYTHING: readonly Shape[] = [{ kind: 'values', values: [null, true, false] }, { kind: 'number' }, STRINGS, ARRAYS, OBJECTS]

/** Asks about nodes, which only their reader can resolve. */
export interface Nodes {
  all(...nodes: readonly Node[]): Node
  isEmpty(node: Node): boolean
  admits(node: Node, value: unknown): boolean
}

/** What is of both shapes; undefined = nothing. */
export function common(a: Shape, b: Shape, nodes: Nodes): Shape | undefined {
  if (a.kind === 'values' || b.kind === 'values') {
    const [list, other] = a.kind === 'values' ? [a, b] : [b as ValuesShape, a]
    const values = list.values.filter((value) => admits(other, value, nodes))
    return values.length > 0 ? { kind: 'values', values } : undefined
  }
  const min = 'min' in a && 'min' in b ? Math.max(a.min, b.min) : 0
  const max = 'max' in a && 'max' in b ? Math.min(a.max, b.max) : 0
  if (min > max) return undefined
  if (a.kind === 'number' && b.kind === 'number') return inhabited({ kind: 'number', ...both(a.automaton, b.automaton, 'automaton') })
  if (a.kind === 'string' && b.kind === 'string')
    return inhabited({ kind: 'string', ...both(a.automaton, b.automaton, 'automaton'), min, max })
  if (a.kind === 'array' && b.kind === 'array') {
    const at = (shape: ArrayShape, i: number) => shape.prefix[i] ?? shape.rest
    const prefix = Array.from({ length: Math.max(a.prefix.length, b.prefix.length) }, (_, i) => nodes.all(at(a, i), at(b, i)))
    return { kind: 'array', prefix, rest: nodes.all(a.rest, b.rest), min, max, unique: a.unique || b.unique }
  }
  if (a.kind === 'object' && b.kind === 'object') {
    const required = new Set([...a.required, ...b.required])
    return { kind: 'object', layers: [...new Set([...a.layers, ...b.layers])], required, ...both(a.names, b.names, 'names'), min, max }
  }
  return undefined
}

function both<Key extends string>(a: Automaton | undefined, b: Automaton | undefined, key: Key): { [key in Key]?: Automaton } {
  const automaton = a && b && a !== b ? intersect(a, b) : (a ?? b)
  return (automaton ? { [key]: automaton } : {}) as { [key in Key]?: Automaton }
}

function inhabited<S extends NumberShape | StringShape>(shape: S): S | undefined {
  return shape.automaton && isEmpty(shape.automaton) ? undefined : shape
}

/** A string's texts, lengths included. Throws TooManyStates. */
export function textsOf({ automaton, min, max }: StringShape): Automaton {
  return min === 0 && max === Number.POSITIVE_INFINITY ? (automaton ?? ANY) : intersect(automaton ?? ANY, lengths(min, max))
}

/** What this property must be: all that the layers say about its name. */
export function propertyNode({ layers }: ObjectShape, name: string, nodes: Nodes): Node {
  return nodes.all(
    ...layers.flatMap(({ properties, patterns, others }) => {
      const own = properties.get(name)
      const said = [...(own ? [own] : []), ...patterns.flatMap(([automaton, node]) => (accepts(automaton, name) ? [node] : []))]
      return said.length > 0 ? said : [others]
    }),
  )
}

/** Whether this value is of the shape. */
export function admits(shape: Shape, value: unknown, nodes: Nodes): boolean {
  switch (shape.kind) {
    case 'values':
      return shape.values.some((other) => isSame(other, value))
    case 'number':
      return typeof value === 'number' && (!shape.automaton || accepts(shape.automaton, decimalText(value)))
    case 'string': {
      if (typeof value !== 'string') return false
      const length = [...value].length
      return length >= shape.min && length <= shape.max && (!shape.automaton || accepts(shape.automaton, value))
    }
    case 'array':
      return (
        Array.isArray(value) &&
        value.length >= shape.min &&
        value.length <= shape.max &&
        value.every((one, i) => nodes.admits(shape.prefix[i] ?? shape.rest, one)) &&
        (!shape.unique || value.every((one, i) => !value.slice(0, i).some((other) => isSame(one, other))))
      )
    case 'object': {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
      const entries = Object.entries(value)
      return (
        entries.length >= shape.min &&
        entries.length <= shape.max &&
        [...shape.required].every((name) => Object.hasOwn(value, name)) &&
        entries.every(([name, one]) => (!shape.names || accepts(shape.names, name)) && nodes.admits(propertyNode(shape, name, nodes), one))
      )
    }
  }
}

/** Equal as JSON: the order of properties is nothing. */
export function isSame(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const [mine, others] = [Object.entries(a), Object.keys(b)]
  return (
    mine.length === others.length && mine.every(([key, one]) => Object.hasOwn(b, key) && isSame(one, (b as Record<string, unknown>)[key]))
  )
}
