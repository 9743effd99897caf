import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import fc from 'fast-check'
import { OuroborosError } from '../../src/core/errors.ts'
import { Matcher } from '../../src/grammar/matcher.ts'
import { jsonSchemaToGrammar } from '../../src/text/json-schema.ts'
import { randomText, seeded } from '../text/random-text.ts'
import { area } from './area.ts'

/** Judge of what a grammar lets through. Multiples are compared as decimals, which doubles are not. */
const settings = { strict: false, multipleOfPrecision: 6, ownProperties: true, logger: false } as const
const FORMATS = ['date', 'time', 'date-time', 'email', 'uri', 'uuid', 'ipv4', 'ipv6', 'hostname', 'binary', 'regex']
const PATTERNS = [
  '^a',
  'b$',
  '^[a-z]{1,4}$',
  '^(ab|c)*$',
  '\\d{3}-\\d{4}',
  '(',
  '\\bx',
  '^(?!a)',
  '(a|b)*a(a|b){9}',
  '[^\\w]',
  'é|😀',
  '^.{0,200}$',
  '\\p{L}+',
  '(?<=a)b',
  'a{99999}',
]
const NAMES = ['a', 'b', 'a', 'b', 'name', '2', '10', 'a b', 'ä"', '__proto__', 'constructor', '', '$ref', 'toString']
const REFERENCES = [
  '#',
  '#/$defs/a',
  '#/$defs/b',
  '#/$defs/c',
  '#/properties/a',
  '#/items',
  '#/nowhere',
  '#/$defs/100%',
  'https://example.org/x',
  '#a',
  '',
]
const ODD = [null, true, false, 0, -1, 1.5, 1e300, -0, 2 ** 53, '', 'a', '\ud800', [], {}, [[]], ['a', 'a'], [null], { a: {} }, Number.NaN]

const odd = fc.constantFrom<unknown>(...ODD)
const small = fc.integer({ min: 0, max: 5 })
const amount = fc.oneof(
  { weight: 12, arbitrary: small },
  { weight: 1, arbitrary: fc.constantFrom(100, 4096, 65_536, 1e9, 2 ** 53, -1, 0.5) },
)
const bound = fc.oneof(
  fc.integer({ min: -50, max: 50 }),
  fc.double({ min: -10, max: 10, noNaN: true }),
  fc.constantFrom(0, -0, 1e15, -1e15, 2 ** 53 - 1, -(2 ** 63), 1e300, 0.1, 1e-7),
)
const plain = fc.jsonValue({ maxDepth: 1 })

type Tie = (key: 'schema') => fc.Arbitrary<unknown>
const keywords = (tie: Tie): Record<string, fc.Arbitrary<unknown>> => {
  const one = tie('schema')
  const some = fc.array(one, { minLength: 1, maxLength: 3 })
  const named = fc.dictionary(fc.constantFrom(...NAMES), one, { maxKeys: 3 })
  const type = fc.constantFrom('string', 'number', 'integer', 'boolean', 'null', 'array', 'object')
  return {
    type: fc.oneof(type, type, fc.uniqueArray(type, { minLength: 1, maxLength: 3 })),
    enum: fc.array(plain, { minLength: 1, maxLength: 4 }),
    const: plain,
    nullable: fc.boolean(),
    minimum: bound,
    maximum: bound,
    exclusiveMinimum: bound,
    exclusiveMaximum: bound,
    multipleOf: fc.constantFrom(1, 2, 3, 7, 10, 0.5, 0.01, 0.1, 1e-7, 4001, 0, -1),
    minLength: amount,
    maxLength: amount,
    pattern: fc.constantFrom(...PATTERNS),
    format: fc.constantFrom(...FORMATS),
    items: fc.oneof(one, one, some),
    prefixItems: some,
    minItems: amount,
    maxItems: amount,
    uniqueItems: fc.boolean(),
    contains: one,
    properties: named,
    patternProperties: fc.dictionary(fc.constantFrom(...PATTERNS), one, { maxKeys: 2 }),
    additionalProperties: fc.oneof(one, fc.boolean()),
    propertyNames: one,
    required: fc.uniqueArray(fc.constantFrom(...NAMES), { maxLength: 3 }),
    minProperties: small,
    maxProperties: small,
    dependentRequired: fc.dictionary(fc.constantFrom(...NAMES), fc.uniqueArray(fc.constantFrom(...NAMES), { maxLength: 2 }), {
      maxKeys: 2,
    }),
    dependentSchemas: named,
    $ref: fc.constantFrom(...REFERENCES),
    $defs: fc.dictionary(fc.constantFrom('a', 'b', 'c', '100%'), one, { maxKeys: 3 }),
    allOf: some,
    anyOf: some,
    oneOf: some,
    not: one,
    if: one,
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON schema
    then: one,
    else: one,
    description: fc.string({ maxLength: 5 }),
    unevaluatedProperties: fc.boolean(),
  }
}

/** Any keywords together, now and then with a value of a wrong type. */
const { schema } = fc.letrec<{ schema: unknown }>((tie) => {
  const known = keywords(tie as Tie)
  const keyword = fc.constantFrom(...Object.keys(known))
  const entry = keyword.chain((key) =>
    fc.tuple(fc.constant(key), fc.oneof({ weight: 30, arbitrary: known[key] as fc.Arbitrary<unknown> }, { weight: 1, arbitrary: odd })),
  )
  return {
    schema: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      fc.constantFrom<unknown>({}, true, { type: 'string' }, { type: 'integer' }, { type: ['null', 'boolean'] }, false),
      fc.array(entry, { maxLength: 4 }).map((entries) => Object.fromEntries(entries)),
      fc
        .tuple(fc.dictionary(fc.constantFrom(...NAMES), tie('schema'), { maxKeys: 3 }), fc.subarray(NAMES, { maxLength: 2 }))
        .map(([properties, required]) => ({
          type: 'object',
          properties,
          required: required.filter((name) => Object.hasOwn(properties, name)),
          additionalProperties: false,
        })),
    ),
  }
})

/** What readers that recurse or count break at. */
const huge = fc
  .tuple(
    fc.constantFrom(20, 120, 130, 1000, 5000, 50_000),
    fc.constantFrom('items', 'allOf', 'anyOf', 'not', 'properties', 'enum', 'const', '$ref', 'circle', 'pattern', 'required', 'nest'),
  )
  .map(([size, kind]): unknown => {
    const nested = (wrap: (inner: unknown) => unknown) => {
      let deep: unknown = { type: 'integer' }
      for (let i = 0; i < size; i++) deep = wrap(deep)
      return deep
    }
    const many = Array.from({ length: size }, (_, i) => i)
    switch (kind) {
      case 'items':
        return nested((items) => ({ type: 'array', items }))
      case 'allOf':
        return nested((one) => ({ allOf: [one] }))
      case 'anyOf':
        return { anyOf: many.map((i) => ({ const: `v${i}` })) }
      case 'not':
        return nested((not) => ({ not }))
      case 'properties':
        return {
          type: 'object',
          properties: Object.fromEntries(many.map((i) => [`p${i}`, { type: 'integer' }])),
          additionalProperties: false,
        }
      case 'enum':
        return { enum: many }
      case 'const':
        return { const: nested((one) => [one]) }
      case '$ref':
        return {
          $ref: '#/$defs/d0',
          $defs: Object.fromEntries([...many.map((i) => [`d${i}`, { $ref: `#/$defs/d${i + 1}` }]), [`d${size}`, {}]]),
        }
      case 'circle': {
        const circle: Record<string, unknown> = { type: 'array' }
        circle['items'] = circle
        return circle
      }
      case 'pattern':
        return { type: 'string', pattern: `^${'(a|b)?'.repeat(size)}$`, maxLength: size }
      case 'required':
        return { type: 'object', required: many.map((i) => `r${i}`) }
      default:
        return nested((a) => ({
          type: 'object',
          properties: { a, b: { type: 'string', maxLength: size } },
          required: ['a'],
          additionalProperties: false,
        }))
    }
  })

/** Schemas: what the grammar lets through is valid, or the schema is refused. */
export const schemas = area<[unknown, number]>({
  name: 'schemas',
  cases: fc.tuple(fc.oneof({ weight: 60, arbitrary: schema }, { weight: 1, arbitrary: huge }, { weight: 1, arbitrary: odd }), fc.nat()),
  check([one, seed]) {
    try {
      const matcher = new Matcher(jsonSchemaToGrammar(one))
      const validate = judge(one)
      for (let i = 0; i < 2; i++) {
        const text = written(matcher, seed + i)
        if (text === undefined) continue
        const value: unknown = JSON.parse(text)
        if (validate && !validate(value)) throw new Error(`${text} is not valid: ${JSON.stringify(validate.errors)}`)
      }
      return validate ? 'taken, and what was written is valid' : 'taken'
    } catch (error) {
      if (error instanceof OuroborosError && error.code === 'E_GRAMMAR') return 'refused'
      throw error
    }
  },
})

/** A text of the grammar; undefined where none is found in time, as a model would not end either. */
function written(matcher: Matcher, seed: number): string | undefined {
  try {
    return randomText(matcher, seeded(seed))
  } catch (error) {
    if ((error as Error).message === 'no end is found') return undefined
    throw error
  }
}

function judge(schema: unknown): ValidateFunction | undefined {
  try {
    // Ajv looks past a property of this name.
    if (JSON.stringify(schema).includes('__proto__')) return undefined
    const ajv = new Ajv2020(settings)
    addFormats.default(ajv)
    return ajv.compile(schema as object)
  } catch {
    return undefined
  }
}
