import fc from 'fast-check'

/** The part of JSON Schema 2020-12 that the API's own description uses. */
export interface JsonSchema {
  $ref?: string
  type?: string | string[]
  const?: unknown
  enum?: unknown[]
  anyOf?: JsonSchema[]
  oneOf?: JsonSchema[]
  allOf?: JsonSchema[]
  properties?: Record<string, JsonSchema>
  required?: string[]
  additionalProperties?: JsonSchema | boolean
  items?: JsonSchema
  minItems?: number
  maxItems?: number
  minLength?: number
  pattern?: string
  minimum?: number
  maximum?: number
  exclusiveMinimum?: number
  maxLength?: number
}

/** Values that a schema allows. */
export function arbitraryOf(schema: JsonSchema, named: Readonly<Record<string, JsonSchema>>): fc.Arbitrary<unknown> {
  const of = (one: JsonSchema) => arbitraryOf(one, named)
  if (schema.$ref) return of(named[schema.$ref.split('/').at(-1) as string] as JsonSchema)
  if ('const' in schema) return fc.constant(schema.const)
  if (schema.enum) return fc.constantFrom(...schema.enum)
  const options = schema.anyOf ?? schema.oneOf
  if (options) return fc.oneof(...options.map(of))
  if (schema.allOf) return of(schema.allOf[0] as JsonSchema)
  if (Array.isArray(schema.type)) return fc.oneof(...schema.type.map((type) => of({ ...schema, type })))
  switch (schema.type) {
    case 'null':
      return fc.constant(null)
    case 'boolean':
      return fc.boolean()
    case 'integer':
      return fc.integer({ min: Math.max(schema.minimum ?? -1000, -(2 ** 31)), max: Math.min(schema.maximum ?? 1000, 2 ** 31 - 1) })
    case 'number':
      return fc.double({
        min: schema.minimum ?? schema.exclusiveMinimum ?? -1000,
        max: schema.maximum ?? 1000,
        minExcluded: schema.exclusiveMinimum !== undefined,
        noNaN: true,
      })
    case 'string':
      return schema.pattern
        ? fc.stringMatching(new RegExp(schema.pattern))
        : fc.string({ minLength: schema.minLength ?? 0, maxLength: schema.maxLength ?? 30, unit: 'grapheme' })
    case 'array':
      return fc.array(of(schema.items ?? {}), { minLength: schema.minItems ?? 0, maxLength: Math.min(schema.maxItems ?? 4, 4) })
    case 'object':
      return object(schema, of)
    default:
      return fc.jsonValue({ maxDepth: 2 })
  }
}

function object(schema: JsonSchema, of: (one: JsonSchema) => fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const known = Object.entries(schema.properties ?? {})
  if (known.length === 0) {
    const { additionalProperties: others } = schema
    return fc.dictionary(
      fc.oneof(fc.string({ maxLength: 8 }), fc.nat({ max: 99_999 }).map(String)),
      of(typeof others === 'object' ? others : {}),
      { maxKeys: 3 },
    )
  }
  const fields = Object.fromEntries(known.map(([key, one]) => [key, of(one)]))
  const required = (schema.required ?? []).filter((key) => key in fields)
  // A few of many: wishes exclude each other.
  const chosen = fc.subarray(Object.keys(fields), { maxLength: Math.min(6, known.length) })
  return chosen.chain((keys) =>
    fc.record(Object.fromEntries([...new Set([...required, ...keys])].map((key) => [key, fields[key] ?? fc.constant(null)]))),
  )
}
