import { describe, expect, it } from 'vitest'
import { jsonSchemaToGrammar } from '../../src/text/json-schema.ts'

describe('JSON schema to GBNF', () => {
  it('required and optional properties keep their order, commas between those that are there', () => {
    const grammar = jsonSchemaToGrammar({
      type: 'object',
      properties: { a: { type: 'integer' }, b: { type: 'string' } },
      required: ['a'],
      additionalProperties: false,
    })
    expect(grammar).toContain(String.raw`root ::= space "{" space "\"a\"" space ":" space integer root-after-0 "}" space`)
    expect(grammar).toContain(String.raw`root-after-0 ::= ("," space "\"b\"" space ":" space string  | )`)
  })

  it('every rule that is used is there, once', () => {
    const grammar = jsonSchemaToGrammar({
      $defs: { node: { type: 'object', properties: { 'näme!': { type: 'string' }, next: { $ref: '#/$defs/node' } } } },
      anyOf: [{ $ref: '#/$defs/node' }, { type: ['number', 'null'] }, { type: 'array', items: { enum: ['x"\\', 1, null] }, minItems: 2 }],
      description: 'said, not constrained',
    })
    const names = [...grammar.matchAll(/^([\w-]+) ::=/gm)].map((match) => match[1])
    expect(new Set(names).size).toBe(names.length)
    const bodies = grammar.replace(/"(?:[^"\\]|\\.)*"|\[(?:[^\]\\]|\\.)*\]|\{[\d,]+\}/g, ' ').replace(/^[\w-]+ ::=/gm, '')
    for (const used of bodies.match(/[a-z][\w-]*/gi) ?? []) expect(names, used).toContain(used)
  })

  it.each([
    [{ type: 'strin' }, 'schema: there is no type "strin"'],
    [{ type: 'string', pattern: '^a' }, 'schema: pattern cannot be expressed here'],
    [{ type: 'object', properties: { a: { minimum: 3 } } }, 'schema.properties.a: minimum cannot be expressed here'],
    [{ type: 'integer', multipleOf: 2 }, 'schema: multipleOf cannot be expressed here'],
    [{ $ref: '#/nowhere' }, 'schema: #/nowhere leads nowhere'],
    [{ $ref: 'https://example.org/x' }, 'only references into the schema itself work: received "https://example.org/x"'],
    [{ type: 'object', required: ['q'] }, 'schema.required: "q" is not in properties'],
    [{ anyOf: [] }, 'schema.anyOf: a list of schemas is expected'],
    [{ enum: [] }, 'schema.enum: a list of values is expected'],
    [{ type: 'array', minItems: 5, maxItems: 2 }, 'maxItems 2 is less than minItems 5'],
    [{ type: 'string', maxLength: 1e9 }, 'maxLength must be an integer from 0 to 2000: received 1000000000'],
    [{ type: 'string', format: 'email' }, 'format "email" is not known: known are date, time, date-time, uuid'],
    [[1], 'a schema is an object: received [1]'],
    [false, 'false allows nothing'],
  ])('refuses %j and says why', (schema, why) => {
    expect(() => jsonSchemaToGrammar(schema)).toThrow(expect.objectContaining({ code: 'E_GRAMMAR', message: expect.stringContaining(why) }))
  })
})
