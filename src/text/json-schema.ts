import { arrayRule } from './schema/array-rule.ts'
import { TooManyStates, withinWork } from './schema/automaton.ts'
import { checkSize } from './schema/limits.ts'
import { INTEGERS, written } from './schema/numbers.ts'
import { objectRule } from './schema/object-rule.ts'
import { Rules, type Writer } from './schema/rules.ts'
import { wrong } from './schema/schema-error.ts'
import { SchemaReader } from './schema/schema-reader.ts'
import { type Node, type Shape, type StringShape, textsOf, type ValuesShape } from './schema/shape.ts'
import { jsonLiteral } from './schema/spelling.ts'

/**
 * The grammar (GBNF) of a JSON schema's values (draft 2020-12; docs/json-schema.md): properties in the order in which they are declared,
 * JSON's own spelling. What it cannot express is refused, never ignored: E_GRAMMAR, with the keyword and its place.
 */
export function jsonSchemaToGrammar(schema: unknown): string {
  checkSize(schema)
  return withinWork(() => new Printer(schema).print())
}

class Printer implements Writer {
  readonly reader: SchemaReader
  readonly rules = new Rules()
  readonly #names = new Map<string, string>()
  readonly #open: { node: Node; name: string }[] = []
  readonly #root: Node

  constructor(schema: unknown) {
    this.reader = new SchemaReader(schema)
    this.#root = this.reader.node(schema, 'schema')
  }

  print(): string {
    if (this.reader.isEmpty(this.#root)) throw wrong('schema', 'no value can be like this')
    const root = this.ruleOf(this.#root, 'answer')
    // One after the other, not inside each other: schemas may lead from one to the next for long.
    for (let next = this.#open.pop(); next; next = this.#open.pop()) this.#define(next.node, next.name)
    return this.rules.print(`${this.rules.use('space')} ${root}`)
  }

  /** The rule of this node's values. */
  ruleOf(node: Node, wish: string): string {
    if (node.length === 0) return this.rules.use('value')
    const key = this.reader.key(node)
    const known = this.#names.get(key)
    if (known) return known
    const name = this.rules.name(wish)
    this.#names.set(key, name)
    this.#open.push({ node, name })
    return name
  }

  #define(node: Node, name: string): void {
    const at = node[0]?.at ?? 'schema'
    try {
      const shapes = this.reader.shapes(node).filter((shape) => !this.reader.isHollow(shape))
      const bodies = new Set(shapes.map((shape, i) => this.#expression(shape, shapes.length > 1 ? `${name}-${i}` : name, at)))
      this.rules.define(name, [...bodies].join(' | '))
    } catch (error) {
      if (error instanceof TooManyStates)
        throw wrong(at, 'is too large for a grammar: a pattern, a range or a length needs thousands of rules')
      throw error
    }
  }

  #expression(shape: Shape, name: string, at: string): string {
    const space = this.rules.use('space')
    switch (shape.kind) {
      case 'values':
        return this.#values(shape)
      case 'number':
        if (!shape.automaton) return this.rules.use('number')
        if (shape.automaton === INTEGERS) return this.rules.use('integer')
        return `${this.rules.automaton(written(shape.automaton), false, `${name}-number`)} ${space}`
      case 'string':
        return this.#string(shape, name)
      case 'array':
        return arrayRule(shape, name, at, this)
      case 'object':
        return objectRule(shape, name, at, this)
    }
  }

  #values({ values }: ValuesShape): string {
    return `(${[...new Set(values.map(jsonLiteral))].join(' | ')}) ${this.rules.use('space')}`
  }

  #string(shape: StringShape, name: string): string {
    const { automaton, min, max } = shape
    const space = this.rules.use('space')
    if (automaton) return `"\\"" ${this.rules.automaton(textsOf(shape), true, `${name}-text`)} "\\"" ${space}`
    if (min === 0 && max === Number.POSITIVE_INFINITY) return this.rules.use('string')
    return `"\\"" ${this.rules.use('char')}{${min},${max === Number.POSITIVE_INFINITY ? '' : max}} "\\"" ${space}`
  }
}
