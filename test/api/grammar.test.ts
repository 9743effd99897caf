import { expect, test } from 'vitest'
import { COSTS, METHODS, smallEngine } from './small-engine.ts'

const engine = smallEngine(COSTS)
const PERSON = {
  type: 'object',
  properties: {
    name: { type: 'string', maxLength: 20 },
    age: { type: 'integer' },
    tags: { type: 'array', items: { enum: ['a', 'b'] }, maxItems: 3 },
  },
  required: ['name', 'age', 'tags'],
  additionalProperties: false,
}
const ASK = { messages: [{ role: 'user', content: 'Describe a person as JSON.' }] as const, maxTokens: 120 }

test.each(METHODS)('%s: a JSON schema is followed, and the text is plain decoding’s', async (method) => {
  for (const temperature of [0, 0.9]) {
    const request = { ...ASK, jsonSchema: PERSON, temperature, seed: 5 }
    const plain = await engine().generate({ ...request, method: 'vanilla' }).result
    const { text, finishReason } = await engine().generate({ ...request, method }).result
    expect(text).toBe(plain.text)
    expect(finishReason).toBe('stop')
    const person = JSON.parse(text)
    expect(Object.keys(person)).toEqual(['name', 'age', 'tags'])
    expect(Number.isInteger(person.age)).toBe(true)
    expect(person.name.length).toBeLessThanOrEqual(20)
  }
})

test('a grammar decides between words', async () => {
  const { text } = await engine().generate({ ...ASK, grammar: 'root ::= ("red" | "blue") " " [0-9]{3}' }).result
  expect(text).toMatch(/^(red|blue) \d{3}$/)
})

test.each(['', 'foo ::= "a"', 'root ::= root "a"', 'root ::= [', 'root ::= other', 'root ::= "\0"'])(
  'refuses the grammar %j, and goes on answering',
  async (grammar) => {
    await expect(engine().generate({ ...ASK, grammar }).result).rejects.toMatchObject({ code: 'E_GRAMMAR' })
    expect((await engine().generate({ prompt: 'Hello', maxTokens: 2 }).result).usage.completionTokens).toBeGreaterThan(0)
  },
)

test.each([
  ['nested groups', `root ::= ${'('.repeat(5000)}"a"${')'.repeat(5000)}`],
  ['readings that double', 'root ::= "a" root "x" | "a" root "y" | "a" root'],
])('%s neither crash nor hold the engine', async (_, grammar) => {
  await expect(engine().generate({ ...ASK, grammar }).result).rejects.toMatchObject({ code: 'E_GRAMMAR' })
})

test('optional parts in a row are followed', async () => {
  const { text } = await engine().generate({ ...ASK, maxTokens: 8, grammar: `root ::= ${'"a"? '.repeat(400)}` }).result
  expect(text).toMatch(/^a*$/)
})

test('a grammar that ends at once gives an empty answer', async () => {
  expect(await engine().generate({ ...ASK, grammar: 'root ::= ""' }).result).toMatchObject({ text: '', finishReason: 'stop' })
})

test('refuses a schema that it cannot express', async () => {
  await expect(engine().generate({ ...ASK, jsonSchema: { type: 'array', contains: {} } }).result).rejects.toMatchObject({
    code: 'E_GRAMMAR',
    message: 'JSON schema, schema: contains cannot be expressed',
  })
})

test('a schema that no thread can be sent is refused, and the engine goes on', async () => {
  let deep: Record<string, unknown> = {}
  for (let i = 0; i < 100_000; i++) deep = { items: deep }
  expect(() => engine().generate({ ...ASK, jsonSchema: deep })).toThrow(expect.objectContaining({ code: 'E_USAGE' }))
  expect((await engine().generate({ prompt: 'Hello', maxTokens: 2 }).result).usage.completionTokens).toBeGreaterThan(0)
})
