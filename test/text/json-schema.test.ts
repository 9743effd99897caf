import { describe, expect, it, test } from 'vitest'
import { Matcher } from '../../src/grammar/matcher.ts'
import { jsonSchemaToGrammar } from '../../src/text/json-schema.ts'
import { reads } from '../grammar/reads.ts'
import { grammarOf, takes } from './suite.ts'

const PAIR = { type: 'object', properties: { a: { type: 'integer' }, b: { type: 'string' } }, required: ['a'], additionalProperties: false }

/** Schema, values that it has, values that it has not. */
const SCHEMAS: readonly [string, unknown, readonly unknown[], readonly unknown[]][] = [
  ['types', { type: ['integer', 'null'] }, [1, null], [1.5, 'x']],
  ['siblings of enum', { type: 'string', enum: ['a', 1, 'bcd'], minLength: 2 }, ['bcd'], ['a', 1]],
  ['siblings of a reference', { $defs: { a: { type: 'string' } }, $ref: '#/$defs/a', maxLength: 2 }, ['ab'], ['abc', 1]],
  ['lengths', { type: 'string', minLength: 2, maxLength: 65536 }, ['é😀', 'a'.repeat(65536)], ['😀', 'a'.repeat(65537)]],
  ['lengths of a pattern', { type: 'string', pattern: '^[a-z]+$', maxLength: 3 }, ['abc'], ['abcd', 'A']],
  ['lengths of a format', { type: 'string', format: 'email', maxLength: 12 }, ['a@b.example'], ['abc@b.example', 'a@b']],
  [
    'minItems beside prefixItems',
    { type: 'array', prefixItems: [{ type: 'integer' }, {}], minItems: 2, maxItems: 3 },
    [[1, 'a', null]],
    [[1], [1, 2, 3, 4]],
  ],
  ['unique items of an enum', { type: 'array', items: { enum: ['a', 'b'] }, uniqueItems: true }, [[], ['b', 'a']], [['a', 'a']]],
  [
    'a property that others may not be',
    { properties: { age: { type: 'integer' } }, additionalProperties: { type: 'string' } },
    [{ age: 1, x: 'y' }],
    [{ age: 'twelve' }],
  ],
  ['required without properties', { type: 'object', required: ['q'] }, [{ q: 1, r: 2 }], [{}]],
  [
    'patternProperties',
    { type: 'object', patternProperties: { '^s': { type: 'string' } }, additionalProperties: false },
    [{ s1: 'x' }],
    [{ s1: 1 }, { t: 'x' }],
  ],
  ['propertyNames', { type: 'object', propertyNames: { maxLength: 2 } }, [{ ab: 1 }], [{ abc: 1 }]],
  ['number of properties', { ...PAIR, required: [], minProperties: 1, maxProperties: 1 }, [{ a: 1 }, { b: 'x' }], [{}, { a: 1, b: 'x' }]],
  [
    'allOf',
    { allOf: [{ properties: { a: { minimum: 2 } } }, { properties: { a: { type: 'integer' } }, required: ['a'] }] },
    [{ a: 2 }],
    [{ a: 1 }, { a: 2.5 }, {}],
  ],
  ['oneOf that overlaps', { oneOf: [{ type: 'integer' }, { minimum: 2 }] }, [1, 2.5], [3, 1.5]],
  [
    'if and then',
    JSON.parse('{"if": {"properties": {"a": {"const": 1}}, "required": ["a"]}, "then": {"required": ["b"]}}'),
    [{ a: 2 }, { a: 1, b: 0 }],
    [{ a: 1 }],
  ],
  ['not', { type: 'string', not: { enum: ['a', 'b'] } }, ['c', 'ab'], ['a', 'b', 1]],
  ['nullable', { type: 'string', nullable: true }, [null, 'a'], [1]],
  ['tuples of draft 7', { type: 'array', items: [{ type: 'integer' }], additionalItems: false }, [[1], []], [['a'], [1, 2]]],
  ['bounds of draft 4', { type: 'number', minimum: 1, exclusiveMinimum: true }, [1.01], [1]],
  [
    'a schema in itself',
    { type: 'object', properties: { next: { $ref: '#' } }, additionalProperties: false },
    [{}, { next: { next: {} } }],
    [{ next: 1 }],
  ],
  ['escapes in references', { $defs: { 'a/b~c%': { type: 'null' } }, $ref: '#/$defs/a~1b~0c%25' }, [null], [1]],
  [
    'names that objects have',
    { type: 'object', properties: { __proto__x: {}, constructor: { type: 'null' } }, additionalProperties: false },
    [{ constructor: null }],
    [{ constructor: 1 }],
  ],
]

describe('JSON schema to GBNF', () => {
  test.each(SCHEMAS)('%s', (_, schema, has, hasNot) => {
    const matcher = grammarOf(schema)
    if (typeof matcher === 'string') throw new Error(matcher)
    expect(has.filter((value) => !takes(matcher, value))).toEqual([])
    expect(hasNot.filter((value) => takes(matcher, value))).toEqual([])
  })

  it('properties keep their order, with commas between those that are there and any white space', () => {
    const matcher = new Matcher(jsonSchemaToGrammar(PAIR))
    expect(['{"a":1,"b":""}', '{ "a": 1 }', '{\n  "a": -10,\n  "b": "x"\n}'].map((text) => reads(matcher, text))).toEqual([
      true,
      true,
      true,
    ])
    expect(['{"b":"","a":1}', '{"a":1,}', '{"a":01}', '{,"a":1}'].map((text) => reads(matcher, text))).toEqual([false, false, false, false])
  })

  it('strings have every character and escape, but no half of a surrogate pair', () => {
    const matcher = new Matcher(jsonSchemaToGrammar({ type: 'string' }))
    expect(['"é😀\\n\\u00e9\\ud83d\\ude00\\""', '"\x7f"'].map((text) => reads(matcher, text))).toEqual([true, true])
    expect(['"\\ud83d"', '"\\ude00"', '"\n"', '"\\x"'].map((text) => reads(matcher, text))).toEqual([false, false, false, false])
  })

  it.each<[object, readonly string[], readonly string[]]>([
    [{ type: 'integer' }, ['1234567890123456789', '-18446744073709551615'], ['123456789012345678901']],
    [{ type: 'integer', minimum: 0 }, ['1234567890123456789', '0'], ['-1234567890123456789']],
    [{ type: 'integer', minimum: 1e17 }, ['1234567890123456789'], ['1', '99999999999999999']],
    [{ type: 'integer', maximum: 2 ** 63 }, ['9007199254740992', '-9223372036854775808'], ['9223372036854775808', '9223372036854776000']],
    [{ type: 'integer', multipleOf: 7 }, ['14'], ['9958877701313471']],
  ])('integers of many digits: %j', (schema, has, hasNot) => {
    const matcher = new Matcher(jsonSchemaToGrammar(schema))
    expect(has.filter((text) => !reads(matcher, text))).toEqual([])
    expect(hasNot.filter((text) => reads(matcher, text))).toEqual([])
  })

  it.each<[unknown, string]>([
    [JSON.parse('{"const": [1234567890123456789]}'), 'schema.const: 1234567890123456800 is beyond 2^53'],
    [{ enum: [Number.POSITIVE_INFINITY] }, 'schema.enum: Infinity is beyond 2^53'],
    [{ type: 'strin' }, 'schema: there is no type "strin"'],
    [{ type: 'string', pattern: '\\bfoo' }, 'schema: pattern "\\\\bfoo": \\b cannot be expressed'],
    [{ type: 'string', pattern: '(' }, 'a group is not closed'],
    [{ type: 'object', properties: { a: { contains: {} } } }, 'schema.properties.a: contains cannot be expressed'],
    [{ multipleOf: 0.123456789 }, 'schema: multipleOf 0.123456789 cannot be expressed'],
    [{ multipleOf: 0 }, 'multipleOf is above 0: received 0'],
    [{ minimum: '3' }, 'minimum is a number: received "3"'],
    [{ $ref: '#/nowhere' }, 'schema: #/nowhere leads nowhere'],
    [{ $ref: '#/$defs/100%' }, 'is no reference'],
    [{ $ref: 'https://example.org/x' }, 'only references into the schema itself work: received "https://example.org/x"'],
    [{ $ref: '#' }, 'refers to itself with no object or array between'],
    [{ anyOf: [] }, 'schema.anyOf: a list of schemas is expected'],
    [{ enum: [] }, 'schema.enum: a list of values is expected'],
    [{ type: 'object', required: true }, 'schema.required: a list is expected: received true'],
    [{ type: 'array', prefixItems: {} }, 'schema.prefixItems: a list of schemas is expected'],
    [{ type: 'object', properties: [] }, 'schema.properties: an object is expected'],
    [{ type: 'array', minItems: 5, maxItems: 2 }, 'maxItems 2 is less than minItems 5'],
    [{ type: 'string', maxLength: -1 }, 'maxLength is an integer from 0 on: received -1'],
    [{ type: 'string', format: 'binary' }, 'format "binary" is not known: known are date, time,'],
    [{ type: 'array', uniqueItems: true }, 'uniqueItems can be expressed only where items are an enum'],
    [{ type: 'object', minProperties: 2 }, 'minProperties 2 cannot be expressed where names are free'],
    [{ oneOf: [{ required: ['a'] }, { items: { type: 'null' } }] }, 'schema.oneOf: several options can hold at once'],
    [{ type: 'object', properties: { a: false }, required: ['a'] }, 'no value can be like this'],
    [
      { $defs: { a: { type: 'object', properties: { x: { $ref: '#/$defs/a' } }, required: ['x'] } }, $ref: '#/$defs/a' },
      'no value can be like this',
    ],
    [{ type: 'string', pattern: '(a|b)*a(a|b){14}' }, 'schema: is too large for a grammar'],
    [[1], 'a schema is an object, true or false: received [1]'],
    [false, 'no value can be like this'],
  ])('refuses %j and says why', (schema, why) => {
    expect(() => jsonSchemaToGrammar(schema)).toThrow(expect.objectContaining({ code: 'E_GRAMMAR', message: expect.stringContaining(why) }))
  })
})

test('schemas that are deep, long or circular are refused', () => {
  let deep: unknown = {}
  for (let i = 0; i < 5000; i++) deep = { type: 'array', items: deep }
  const circle: Record<string, unknown> = { type: 'array' }
  circle['items'] = circle
  const chain = Object.fromEntries(Array.from({ length: 400 }, (_, i) => [`d${i}`, { $ref: `#/$defs/d${i + 1}` }]))
  const long = { enum: Array.from({ length: 100_001 }, (_, i) => i) }
  expect([deep, circle, long, { $defs: { ...chain, d400: {} }, $ref: '#/$defs/d0' }].map(grammarOf)).toEqual([
    expect.stringContaining('nested more than 128 deep'),
    expect.stringContaining('nested more than 128 deep'),
    expect.stringContaining('more than 100000 values'),
    expect.stringContaining('more than 300 references'),
  ])
})
