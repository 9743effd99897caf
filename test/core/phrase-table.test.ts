import fc from 'fast-check'
import { expect, it } from 'vitest'
import { PhrasePool, type Token } from '../../src/core/index.ts'
import { PhraseTable } from '../../src/core/phrases/phrase-table.ts'
import { runs } from './runs.ts'

const texts = fc.array(fc.array(fc.nat({ max: 30 }), { minLength: 2, maxLength: 20 }), { maxLength: 8 })
const learn = (pool: PhrasePool, all: readonly Token[][]) => {
  for (const text of all) pool.learn(text, 0, text.length, 'history')
}
const counts = (pool: PhrasePool) => [...pool.entries()].map(({ key, tokens, seen }) => `${key}|${tokens[0]}|${seen}`).sort()

it('a table that changed hands is the same, and what the pool knew is added to it', () => {
  fc.assert(
    fc.property(texts, texts, texts, (stored, before, meanwhile) => {
      const kept = new PhrasePool({ capacityBytes: 200_000, perKey: 40 })
      learn(kept, stored)
      const { buffer, ...image } = kept.table.image
      const moved = structuredClone(buffer, { transfer: [buffer] })
      const pool = new PhrasePool({ capacityBytes: 200_000, perKey: 40 })
      learn(pool, before)
      const told = pool.changes()
      learn(pool, meanwhile)
      for (const _ of pool.adopt(new PhraseTable({ ...image, buffer: moved }))) {
        // a phrase per step
      }
      const all = new PhrasePool({ capacityBytes: 200_000, perKey: 40 })
      for (const some of [stored, before, meanwhile]) learn(all, some)
      expect(counts(pool)).toEqual(counts(all))
      const news = new PhrasePool({ capacityBytes: 200_000, perKey: 40 })
      for (const phrase of [...told, ...pool.changes()]) news.restore(phrase)
      const own = new PhrasePool({ capacityBytes: 200_000, perKey: 40 })
      for (const some of [before, meanwhile]) learn(own, some)
      expect(counts(news)).toEqual(counts(own))
    }),
    runs(100),
  )
})
