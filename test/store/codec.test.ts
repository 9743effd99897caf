import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodePhrases, encodePhrases, unpackTokens } from '../../src/store/codec.ts'
import { phrase, phrases } from './phrases.ts'

const token = fc.nat({ max: 2 ** 24 })

test('phrases come back the same, whatever their numbers', () => {
  expect([...decodePhrases(encodePhrases(phrases(0, 500)))]).toEqual(phrases(0, 500))
  fc.assert(
    fc.property(fc.array(token, { minLength: 1, maxLength: 16 }), token, token, (tokens, seen, tries) => {
      const one = phrase(1, { key: tokens.slice(0, 4), tokens, seen, tries, hits: tries })
      expect([...decodePhrases(encodePhrases([one, one]))]).toEqual([one, one])
    }),
  )
})

test('numbers of a column are groups of seven bits', () => {
  expect(unpackTokens(Uint8Array.of(0, 127, 128, 1, 255, 255, 3))).toEqual([0, 127, 128, 65_535])
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
