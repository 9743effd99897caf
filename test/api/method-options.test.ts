import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { GenerateRequest, MethodOptions } from '../../src/index.ts'
import { COSTS, collect, METHODS, smallEngine } from './small-engine.ts'

const engine = smallEngine(COSTS)
const upTo = (max: number, min = 0) => fc.oneof(fc.constant(min), fc.integer({ min, max }))

const options: fc.Arbitrary<MethodOptions> = fc.record(
  {
    draftLength: upTo(256, 1),
    minProbability: fc.double({ min: 0, max: 1, noNaN: true }),
    lookupNgram: upTo(64, 1),
    window: upTo(64),
    ngram: upTo(17, 3),
    guesses: upTo(64),
    suffixes: upTo(64),
    branches: upTo(64),
    directChance: fc.double({ min: 0, max: 2, noNaN: true }),
    sources: fc.subarray(['prompt', 'history', 'verification'] as const),
    preset: fc.constantFrom('default', 'paper', 'paper-wmt'),
  },
  { requiredKeys: [] },
)

test('whatever options a request may have: the plain text, or E_USAGE before anything runs', async () => {
  const request: GenerateRequest = { messages: [{ role: 'user', content: 'Count: one two three one two three' }], maxTokens: 12 }
  const plain = await collect(engine(), { ...request, method: 'vanilla' })
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...METHODS), options, async (method, chosen) => {
      const answer = await collect(engine(), { ...request, method, options: chosen }).catch((error) => error)
      if (answer instanceof Error) expect(answer).toMatchObject({ code: 'E_USAGE' })
      else expect(answer.text).toBe(plain.text)
    }),
    { numRuns: 40 },
  )
})
