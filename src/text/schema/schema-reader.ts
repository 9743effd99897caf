import { OuroborosError } from '../../core/errors.ts'
import { type Atom, Atoms, type SchemaObject } from './atom.ts'
import { accepts, TooManyStates } from './automaton.ts'
import { isKnown } from './keywords.ts'
import { entries, fullList, has, text } from './reading.ts'
import { References } from './references.ts'
import { wrong } from './schema-error.ts'
import { admits, common, EVERYTHING, type Node, type Nodes, propertyNode, type Shape } from './shape.ts'
import { arrayKeywords, dependentOn, type Inside, objectKeywords } from './structure-keywords.ts'
import { numberKeywords, stringKeywords, typeKeywords } from './value-keywords.ts'

type Shapes = readonly Shape[]

const MAX_SHAPES = 1000
/** Schemas that lead from one to the next without an object or array between. */
const MAX_CHAIN = 300
const MAX_QUESTIONS = 100_000
const NOTHING: Shapes = []

/**
 * Reads a schema as the shapes of its values: references followed, allOf merged, opposites moved inwards. What is inside
 * objects and arrays is read when it is asked for, so that schemas may hold themselves.
 */
export class SchemaReader implements Nodes, Inside {
  readonly #references: References
  readonly #atoms = new Atoms()
  readonly #atomShapes = new Map<Atom, Shapes>()
  readonly #nodeShapes = new Map<string, Shapes>()
  readonly #reading = new Set<Atom>()
  readonly #inhabited = new Set<string>()
  #questions = 0

  constructor(root: unknown) {
    this.#references = new References(root)
  }

  node(schema: unknown, at: string, negated = false): Node {
    return this.#atoms.of(schema, at, negated)
  }

  all(...nodes: readonly Node[]): Node {
    const atoms = new Set(nodes.flat())
    return [...atoms].sort((a, b) => a.id - b.id)
  }

  /** The same for equal nodes. */
  key(node: Node): string {
    return node.map(({ id }) => id).join()
  }

  shapes(node: Node): Shapes {
    const key = this.key(node)
    const known = this.#nodeShapes.get(key)
    if (known) return known
    const at = node[0]?.at ?? 'schema'
    const shapes = bounded(at, () => node.map((atom) => this.#shapesOf(atom)).reduce((a, b) => this.#merge(a, b, at), EVERYTHING))
    this.#nodeShapes.set(key, shapes)
    return shapes
  }

  admits(node: Node, value: unknown): boolean {
    return this.shapes(node).some((shape) => admits(shape, value, this))
  }

  /** Whether no finite value is of this node. `open` = nodes that this one is inside of. */
  isEmpty(node: Node, open: ReadonlySet<string> = new Set()): boolean {
    const key = this.key(node)
    if (this.#inhabited.has(key) || open.size > MAX_CHAIN) return false
    if (open.has(key)) return true
    if (++this.#questions > MAX_QUESTIONS) throw wrong(node[0]?.at ?? 'schema', 'has too many alternatives inside alternatives')
    const inner = new Set([...open, key])
    const empty = this.shapes(node).every((shape) => this.isHollow(shape, inner))
    if (!empty) this.#inhabited.add(key)
    return empty
  }

  /** Whether the shape asks for something that is empty. */
  isHollow(shape: Shape, open: ReadonlySet<string> = new Set()): boolean {
    if (shape.kind === 'array') {
      const needed = Math.min(shape.min, shape.prefix.length + 1)
      return Array.from({ length: needed }, (_, i) => shape.prefix[i] ?? shape.rest).some((node) => this.isEmpty(node, open))
    }
    if (shape.kind !== 'object') return false
    return [...shape.required].some(
      (name) => (shape.names && !accepts(shape.names, name)) || this.isEmpty(propertyNode(shape, name, this), open),
    )
  }

  #shapesOf(atom: Atom): Shapes {
    const known = this.#atomShapes.get(atom)
    if (known) return known
    if (this.#reading.size > MAX_CHAIN) throw wrong(atom.at, `stands at the end of more than ${MAX_CHAIN} references`)
    if (this.#reading.has(atom)) throw wrong(atom.at, 'refers to itself with no object or array between')
    this.#reading.add(atom)
    try {
      const shapes = bounded(atom.at, () => this.#read(atom))
      this.#atomShapes.set(atom, shapes)
      return shapes
    } finally {
      this.#reading.delete(atom)
    }
  }

  #read({ schema, at, negated }: Atom): Shapes {
    for (const keyword of Object.keys(schema)) {
      if (!isKnown(keyword)) throw wrong(at, `${keyword} cannot be expressed`)
    }
    const said = [
      ...typeKeywords(schema, at, negated),
      ...numberKeywords(schema, at, negated),
      ...stringKeywords(schema, at, negated),
      ...arrayKeywords(schema, at, negated, this),
      ...objectKeywords(schema, at, negated, this),
      ...this.#combinations(schema, at, negated),
    ]
    return negated ? this.#any(said, at) : said.reduce((a, b) => this.#merge(a, b, at), EVERYTHING)
  }

  /** Keywords that put whole schemas together. */
  #combinations(schema: SchemaObject, at: string, negated: boolean): Shapes[] {
    const found: Shapes[] = []
    const of = (part: unknown, where: string, opposite: boolean) => this.shapes(this.node(part, where, opposite))
    const parts = (keyword: string, opposite: boolean) =>
      fullList(schema[keyword], `${at}.${keyword}`, 'schemas').map((part, i) => of(part, `${at}.${keyword}[${i}]`, opposite))
    if (has(schema, '$ref')) {
      const reference = text(schema, '$ref', at)
      found.push(of(this.#references.follow(reference, schema, at), reference, negated))
    }
    if (has(schema, 'allOf')) found.push(...parts('allOf', negated))
    if (has(schema, 'anyOf')) {
      const options = parts('anyOf', negated)
      found.push(negated ? options.reduce((a, b) => this.#merge(a, b, at)) : this.#any(options, at))
    }
    if (has(schema, 'oneOf')) found.push(this.#exactlyOne(at, negated, parts))
    if (has(schema, 'not')) found.push(of(schema['not'], `${at}.not`, !negated))
    if (has(schema, 'if')) {
      const [then, otherwise] = [schema['then'] ?? true, schema['else'] ?? true]
      const ways = [
        this.#merge(of(schema['if'], `${at}.if`, false), of(then, `${at}.then`, negated), at),
        this.#merge(of(schema['if'], `${at}.if`, true), of(otherwise, `${at}.else`, negated), at),
      ]
      if (has(schema, 'then') || has(schema, 'else')) found.push(this.#any(ways, at))
    }
    if (has(schema, 'dependentSchemas'))
      for (const [name, part] of entries(schema['dependentSchemas'], `${at}.dependentSchemas`))
        found.push(dependentOn(name, of(part, `${at}.dependentSchemas.${name}`, false), this))
    return found
  }

  #exactlyOne(at: string, negated: boolean, parts: (keyword: string, opposite: boolean) => Shapes[]): Shapes {
    const options = parts('oneOf', false)
    const overlap = options.some((a, i) => options.slice(i + 1).some((b) => this.#overlap(a, b, at)))
    if (!overlap && !negated) return this.#any(options, at)
    try {
      if (overlap && negated) throw wrong(`${at}.oneOf`, 'the opposite of options that overlap cannot be expressed')
      const opposites = parts('oneOf', true)
      if (negated) return opposites.reduce((a, b) => this.#merge(a, b, at))
      const alone = options.map((own, i) =>
        opposites.reduce((shapes, other, j) => (i === j ? shapes : this.#merge(shapes, other, at)), own),
      )
      return this.#any(alone, at)
    } catch (error) {
      if (!(error instanceof OuroborosError) || negated) throw error
      throw wrong(
        `${at}.oneOf`,
        `several options can hold at once: use anyOf, or give each a property with a const of its own (${error.message})`,
      )
    }
  }

  /** Whether some value may be of both. */
  #overlap(a: Shapes, b: Shapes, at: string): boolean {
    return this.#merge(a, b, at).some((shape) => {
      try {
        return !this.isHollow(shape)
      } catch {
        // What stands inside is being read just now.
        return true
      }
    })
  }

  #merge(a: Shapes, b: Shapes, at: string): Shapes {
    if (a === EVERYTHING) return b
    if (b === EVERYTHING) return a
    if (a.length * b.length > MAX_SHAPES * EVERYTHING.length) throw wrong(at, `there are more than ${MAX_SHAPES} alternatives`)
    return limited(
      a.flatMap((one) => b.flatMap((other) => (one === other ? [one] : (common(one, other, this) ?? [])))),
      at,
    )
  }

  #any(options: readonly Shapes[], at: string): Shapes {
    if (options.includes(EVERYTHING)) return EVERYTHING
    const all = new Set(options.flat())
    const values = [...all].flatMap((shape) => (shape.kind === 'values' ? shape.values : []))
    const rest = [...all].filter((shape) => shape.kind !== 'values')
    return limited(values.length > 0 ? [{ kind: 'values', values }, ...rest] : rest.length > 0 ? rest : NOTHING, at)
  }
}

function limited(shapes: Shapes, at: string): Shapes {
  if (shapes.length > MAX_SHAPES) throw wrong(at, `there are more than ${MAX_SHAPES} alternatives`)
  return shapes
}

function bounded<T>(at: string, body: () => T): T {
  try {
    return body()
  } catch (error) {
    if (error instanceof TooManyStates)
      throw wrong(at, 'is too large for a grammar: a pattern, a range or a length needs thousands of rules')
    throw error
  }
}
