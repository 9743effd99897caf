import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodePhrases, encodePhrases, packTokens, unpackTokens } from '../../src/store/codec.ts'
import { phrases } from './phrases.ts'

const token = fc.nat({ max: 2 ** 24 })

test('phrases and tokens come back the same', () => {
  expect([...decodePhrases(encodePhrases(phrases(0, 500)))]).toEqual(phrases(0, 500))
  fc.assert(
    fc.property(fc.array(token), (tokens) => {
      expect(unpackTokens(packTokens(tokens))).toEqual(tokens)
    }),
  )
})

test('bytes that are no phrases throw, and nothing else happens', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      try {
        for (const { key, tokens } of decodePhrases(bytes)) {
          expect(key.length).toBeGreaterThan(0)
          expect(tokens.length).toBeGreaterThan(0)
        }
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError)
      }
    }),
  )
})
