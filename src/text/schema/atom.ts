import { wrong } from './schema-error.ts'

export interface SchemaObject {
  readonly [keyword: string]: unknown
}

/** A schema, or the opposite of one. Equal atoms are one object. */
export interface Atom {
  readonly id: number
  readonly schema: SchemaObject
  /** Where the schema stands, for errors. */
  readonly at: string
  readonly negated: boolean
}

/** Makes the atoms of one document. */
export class Atoms {
  readonly #known = new Map<object, { true?: Atom; false?: Atom }>()
  #ids = 0

  /** What this schema asks: nothing for `true`. Throws E_GRAMMAR. */
  of(schema: unknown, at: string, negated = false): readonly Atom[] {
    if (schema === !negated) return []
    const object = typeof schema === 'boolean' ? NOTHING : schema
    if (typeof object !== 'object' || object === null || Array.isArray(object))
      throw wrong(at, `a schema is an object, true or false: received ${JSON.stringify(schema)}`)
    const known = this.#known.get(object) ?? {}
    this.#known.set(object, known)
    const polarity = `${object === NOTHING ? true : negated}` as const
    known[polarity] ??= { id: this.#ids++, schema: object as SchemaObject, at, negated: polarity === 'true' }
    return [known[polarity]]
  }
}

/** The schema of everything: its opposite is the schema of nothing. */
const NOTHING = {}
