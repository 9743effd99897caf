import { describe, expect, it, test } from 'vitest'
import { z } from 'zod'
import { grammarOf, takes } from './suite.ts'

const tree: z.ZodType = z.object({
  value: z.int(),
  get next() {
    return tree.optional()
  },
})

/** Each type that zod writes as a JSON schema, a value of it, and one that is not. */
const TYPES: Readonly<Record<string, readonly [z.ZodType, unknown, unknown]>> = {
  string: [z.string(), 'é"\n', 1],
  'string, min and max': [z.string().min(2).max(3), 'abc', 'a'],
  'string, max 65536': [z.string().max(65536), 'a', null],
  regex: [z.string().regex(/^a+b$/), 'aab', 'aba'],
  'regex with look-aheads': [z.string().regex(/^(?=.*\d)(?=.*[A-Z]).{4,8}$/), 'aB1c', 'ab1c'],
  startsWith: [z.string().startsWith('a.b'), 'a.bc', 'axbc'],
  includes: [z.string().includes('a.b'), 'xa.bc', 'xab'],
  lowercase: [z.string().lowercase(), 'abc', 'aBc'],
  templateLiteral: [z.templateLiteral(['a-', z.int(), z.enum(['x', 'y'])]), 'a-12x', 'a-x'],
  email: [z.email(), 'jo.e+x@example.co.uk', 'jo..e@example.com'],
  'email, max': [z.email().max(254), 'joe@example.com', 'joe'],
  url: [z.url(), 'https://example.com:80/a?b=c#d', 'example com'],
  uuid: [z.uuid(), '123e4567-e89b-42d3-a456-426614174000', '123e4567'],
  guid: [z.guid(), '123e4567-e89b-02d3-a456-426614174000', '123e4567'],
  'iso.date': [z.iso.date(), '2024-02-29', '2023-02-29'],
  'iso.time': [z.iso.time(), '12:30:00', '25:00:00'],
  'iso.datetime': [z.iso.datetime({ offset: true }), '2024-02-29T12:30:00.5+01:00', '2024-02-29'],
  'iso.duration': [z.iso.duration(), 'P1DT2H', 'P'],
  ipv4: [z.ipv4(), '127.0.0.1', '256.0.0.1'],
  ipv6: [z.ipv6(), '2001:db8::1', '2001::db8::1'],
  cidrv4: [z.cidrv4(), '10.0.0.0/8', '10.0.0.0'],
  cidrv6: [z.cidrv6(), '2001:db8::/32', '2001:db8::'],
  hostname: [z.hostname(), 'www.example.com', '-example.com'],
  base64: [z.base64(), 'aGk=', 'aGk'],
  base64url: [z.base64url(), 'aGk', 'a+k'],
  e164: [z.e164(), '+491234567', '491234567'],
  emoji: [z.emoji(), '😀', 'a'],
  nanoid: [z.nanoid(), 'V1StGXR8_Z5jdHi6B-myT', 'V1'],
  cuid: [z.cuid(), 'cjld2cjxh0000qzrmn831i7rn', 'x'],
  cuid2: [z.cuid2(), 'tz4a98xxat96iws9zmbrgj3a', 'T z'],
  ulid: [z.ulid(), '01ARZ3NDEKTSV4RRFFQ69G5FAV', '01'],
  hex: [z.hex(), 'c0ffee', 'tea'],
  number: [z.number(), -1.5e3, '1'],
  'number between': [z.number().min(-1.5).lt(99.25), 99.24, 99.25],
  multipleOf: [z.number().multipleOf(0.01), 19.99, 19.999],
  int: [z.int(), 9007199254740991, 1.5],
  'int between': [z.int().min(-3).max(120), 120, 121],
  'int, multipleOf': [z.int().multipleOf(5).min(3), 10, 0],
  int32: [z.int32(), -2147483648, 2147483648],
  boolean: [z.boolean(), false, 0],
  null: [z.null(), null, 'null'],
  literal: [z.literal(['a', 1, null]), 1, 2],
  enum: [z.enum(['a', 'b"']), 'b"', 'c'],
  array: [z.array(z.int()).min(1).max(3), [1, 2, 3], []],
  tuple: [z.tuple([z.string(), z.int()]), ['a', 1], ['a']],
  'tuple with a rest': [z.tuple([z.string()], z.boolean()), ['a', true, false], ['a', 1]],
  object: [z.object({ a: z.string(), b: z.int().optional() }), { a: 'x' }, { b: 1 }],
  strictObject: [z.strictObject({ a: z.int() }), { a: 1 }, { a: 1, b: 2 }],
  looseObject: [z.looseObject({ age: z.int() }), { age: 1, b: 'x' }, { age: 'twelve' }],
  catchall: [z.object({ age: z.int().optional() }).catchall(z.string()), { b: 'x' }, { age: 'twelve' }],
  record: [z.record(z.string(), z.int()), { a: 1 }, { a: 'x' }],
  'record of an enum': [z.record(z.enum(['a', 'b']), z.int()), { a: 1, b: 2 }, { a: 1 }],
  partialRecord: [z.partialRecord(z.enum(['a', 'b']), z.int()), { b: 2 }, { c: 2 }],
  'record of a pattern': [z.record(z.string().regex(/^k\d$/), z.int()), { k1: 2 }, { x: 2 }],
  union: [z.union([z.string(), z.int()]), 1, null],
  discriminatedUnion: [
    z.discriminatedUnion('t', [z.object({ t: z.literal('a'), x: z.int() }), z.object({ t: z.literal('b'), y: z.string() })]),
    { t: 'b', y: '' },
    { t: 'b', x: 1 },
  ],
  xor: [z.xor([z.string().max(3), z.string().min(5)]), 'abcde', 'abcd'],
  intersection: [z.intersection(z.looseObject({ a: z.int() }), z.looseObject({ b: z.string() })), { a: 1, b: '' }, { a: 1 }],
  nullable: [z.string().nullable(), null, 1],
  default: [z.object({ a: z.int().default(3) }), { a: 1 }, {}],
  recursive: [tree, { value: 1, next: { value: 2 } }, { value: 1, next: {} }],
  json: [z.json(), { a: [1, null] }, undefined],
  any: [z.any(), [], undefined],
}

describe('what zod writes', () => {
  test.each(Object.entries(TYPES))('%s', (_, [type, good, bad]) => {
    for (const target of ['draft-2020-12', 'draft-7', 'draft-4', 'openapi-3.0'] as const) {
      const grammar = grammarOf(z.toJSONSchema(type, { target }))
      if (typeof grammar === 'string') throw new Error(grammar)
      expect(takes(grammar, good), target).toBe(true)
      // Draft 4 and OpenAPI 3.0 have no propertyNames: zod leaves them out.
      if (bad !== undefined && !['draft-4', 'openapi-3.0'].includes(target)) expect(takes(grammar, bad), target).toBe(false)
    }
  })

  it.each([
    [z.jwt(), 'schema: format "jwt" is not known'],
    [z.file(), 'schema: format "binary" is not known'],
    [z.never(), 'schema: no value can be like this'],
  ])('what it writes and no grammar can be is refused by name', (type, why) => {
    expect(grammarOf(z.toJSONSchema(type))).toContain(why)
  })
})
