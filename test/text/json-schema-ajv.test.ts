import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { Matcher } from '../../src/grammar/matcher.ts'
import { jsonSchemaToGrammar } from '../../src/text/json-schema.ts'
import { randomText, seeded } from './random-text.ts'

/** Judge of the answers. Multiples are compared as decimals, which doubles are not. */
const ajv = new Ajv2020({ strict: false, multipleOfPrecision: 6, allErrors: true, logger: false })
addFormats.default(ajv)

const name = fc.constantFrom('a', 'b', 'name', 'a b', 'ä"', 'id', 'tags')
const between = (low: number, high: number) =>
  fc.tuple(fc.integer({ min: low, max: high }), fc.integer({ min: 0, max: 30 })).map(([min, more]) => [min, min + more] as const)
const plain: fc.Arbitrary<z.ZodType> = fc.oneof(
  fc.constantFrom<z.ZodType>(
    ...[
      z.string(),
      z.int(),
      z.number(),
      z.boolean(),
      z.null(),
      z.any(),
      z.email(),
      z.uuid(),
      z.iso.date(),
      z.iso.time(),
      z.iso.datetime({ offset: true }),
    ],
    ...[
      z.ipv4(),
      z.ipv6(),
      z.url(),
      z.cuid2(),
      z.ulid(),
      z.base64(),
      z.e164(),
      z.iso.duration(),
      z.cidrv4(),
      z.string().startsWith('ab').max(9),
      z.int32(),
    ],
    ...[
      z.number().positive(),
      z.number().multipleOf(0.01),
      z.int().multipleOf(7),
      z.templateLiteral(['n-', z.int()]),
      z.string().regex(/^(?!.*x)[w-z]+|q$/),
    ],
  ),
  between(0, 20).map(([min, max]) => z.string().min(min).max(max)),
  between(-40, 40).map(([min, max]) => z.int().min(min).max(max)),
  between(-40, 40).map(([min, max]) =>
    z
      .number()
      .gt(min / 8)
      .lt(max / 8 + 1),
  ),
  fc
    .uniqueArray(fc.oneof(fc.string({ maxLength: 5 }), fc.integer(), fc.boolean(), fc.constant(null)), { minLength: 1, maxLength: 4 })
    .map((values) => z.literal(values)),
)
const { schema } = fc.letrec<{ schema: z.ZodType }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    plain,
    fc
      .tuple(
        fc.dictionary(name, fc.tuple(tie('schema'), fc.boolean()), { maxKeys: 4 }),
        fc.constantFrom('strip', 'strict', 'loose', 'rest'),
        plain,
      )
      .map(([fields, kind, rest]) => {
        const shape = Object.fromEntries(Object.entries(fields).map(([key, [one, isOptional]]) => [key, isOptional ? one.optional() : one]))
        return kind === 'rest'
          ? z.object(shape).catchall(rest)
          : kind === 'strict'
            ? z.strictObject(shape)
            : kind === 'loose'
              ? z.looseObject(shape)
              : z.object(shape)
      }),
    fc.tuple(tie('schema'), between(0, 3)).map(([one, [min, max]]) => z.array(one).min(min).max(max)),
    fc.tuple(tie('schema'), tie('schema')).map(([a, b]) => z.tuple([a, b])),
    fc.tuple(tie('schema'), tie('schema')).map(([a, b]) => z.union([a, b])),
    tie('schema').map((one) => one.nullable()),
    tie('schema').map((one) => z.record(z.string(), one)),
    tie('schema').map((one) => z.record(z.string().regex(/^k[0-9]*$/), one)),
    tie('schema').map((one) => z.record(z.enum(['x', 'y']), one)),
    fc.tuple(tie('schema'), tie('schema')).map(([a, b]) => z.intersection(z.looseObject({ a }), z.looseObject({ b }))),
    fc
      .tuple(tie('schema'), tie('schema'))
      .map(([a, b]) => z.discriminatedUnion('t', [z.object({ t: z.literal('a'), a }), z.object({ t: z.literal('b'), b })])),
  ),
}))

it('5,000 answers of a model without sense under random zod schemas: Ajv finds each of them valid', () => {
  let answers = 0
  fc.assert(
    fc.property(schema, fc.integer(), (type, seed) => {
      const jsonSchema = z.toJSONSchema(type)
      const validate = ajv.compile(jsonSchema)
      const matcher = new Matcher(jsonSchemaToGrammar(jsonSchema))
      const random = seeded(seed)
      for (let i = 0; i < 10; i++) {
        const text = randomText(matcher, random)
        const value = JSON.parse(text)
        expect(validate(value), `${JSON.stringify(jsonSchema)} ${text} ${JSON.stringify(validate.errors)}`).toBe(true)
        answers++
      }
    }),
    { numRuns: 500 },
  )
  expect(answers).toBe(5000)
})
