import { describe, expect, it } from 'vitest'
import { grammarOf, suite, takes } from './suite.ts'

/** No value is valid: there is no grammar of nothing. */
const EMPTY = /no value can be like this/

/** Valid, but spelled otherwise by the grammar (docs/json-schema.md). */
const SPELLED_OTHERWISE = [
  /leap second/, // in UTC, as 23:59:60Z
  /case-insensitive/, // T and Z are capital letters
  /quoted string .* in the local part/, // addresses without quotes
  /address-literal/, // and with a name behind the @
  /punycoded/, // names without encoded letters
]

/** What is refused, by name: remote documents, and what no grammar can tell. */
const REFUSED = [
  /only references into the schema itself/,
  /unevaluatedProperties cannot be expressed/,
  /multipleOf 0.123456789 cannot be expressed/,
  /uniqueItems can be expressed only where items are an enum/,
  /minProperties 4 cannot be expressed where names are free/,
]

const CASES = suite()
const READ = CASES.map((one) => ({ ...one, grammar: grammarOf(one.schema) }))

describe('the official JSON Schema Test Suite, draft 2020-12', () => {
  it('at least nine in ten of its schemas are taken, all others are refused by name', () => {
    const refused = READ.flatMap(({ grammar }) => (typeof grammar === 'string' && !EMPTY.test(grammar) ? [grammar] : []))
    expect(CASES.length).toBeGreaterThan(240)
    expect(refused.length / CASES.length).toBeLessThan(0.1)
    expect(refused.filter((message) => !REFUSED.some((known) => known.test(message)))).toEqual([])
  })

  it.each(READ.map((one) => [one.file, one.description, one] as const))('%s: %s', (_, __, { grammar, tests }) => {
    if (typeof grammar === 'string') {
      if (EMPTY.test(grammar)) expect(tests.filter(({ valid }) => valid)).toEqual([])
      return
    }
    const wrong = tests.filter(
      ({ description, data, valid }) =>
        takes(grammar, data) !== valid && !(valid && SPELLED_OTHERWISE.some((known) => known.test(description))),
    )
    expect(wrong).toEqual([])
  })
})
