import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { History, MAX_KEY, MAX_PHRASE, PaperPool, PhrasePool, type Token } from '../../src/core/index.ts'
import { runs } from './runs.ts'

const TEXT = [1, 2, 3, 4, 5, 6, 7, 8]
const find = (pool: PhrasePool, text: Token[], keySize: number) => pool.find(text, text.length, keySize).map((id) => pool.phrase(id))

describe('PhrasePool', () => {
  it('finds what followed the last tokens, under every key size', () => {
    const pool = new PhrasePool()
    pool.learn(TEXT, 0, TEXT.length, 'prompt')
    for (let keySize = 1; keySize <= MAX_KEY; keySize++) expect(find(pool, TEXT.slice(0, 4), keySize)[0]?.tokens).toEqual([5, 6, 7, 8])
    expect(find(pool, [9, 9], 1)).toEqual([])
  })
  it('a newer continuation replaces the older in place and counts', () => {
    const pool = new PhrasePool()
    pool.insert([1, 2, 3, 4], 1, 4, 1, 'prompt')
    pool.insert([1, 2, 9, 9], 1, 4, 1, 'verification')
    expect(find(pool, [1], 1)).toMatchObject([{ tokens: [2, 9, 9], seen: 2, source: 'verification' }])
  })
  it('keeps a longer phrase when a shorter look at it comes', () => {
    const pool = new PhrasePool()
    pool.insert([1, 2, 3, 4], 1, 4, 1, 'prompt')
    pool.insert([1, 2, 3], 1, 3, 1, 'prompt')
    expect(find(pool, [1], 1)[0]?.tokens).toEqual([2, 3, 4])
  })
  it('keeps perKey first tokens per key, dropping the least useful', () => {
    const pool = new PhrasePool({ perKey: 2 })
    pool.insert([1, 2], 1, 2, 1, 'prompt')
    pool.insert([1, 2], 1, 2, 1, 'prompt')
    pool.insert([1, 3], 1, 2, 1, 'prompt')
    pool.insert([1, 4], 1, 2, 1, 'prompt')
    expect(find(pool, [1], 1).map((phrase) => phrase.tokens[0])).toEqual([2, 4])
  })
  it('evicts the unused, not the useful', () => {
    const pool = new PhrasePool({ capacityBytes: 50 * PhrasePool.bytesPerPhrase })
    pool.insert([1, 2, 3], 1, 3, 1, 'prompt')
    for (let i = 0; i < 2000; i++) {
      const [id] = pool.find([1], 1, 1)
      if (id !== undefined) pool.record(id, 2, 2)
      pool.insert([100 + i, 7, 8], 1, 3, 1, 'prompt')
    }
    expect(find(pool, [1], 1)[0]?.tokens).toEqual([2, 3])
    expect(pool.size).toBe(50)
  })
  it('holds its invariants under random use: bounded, found phrases have the key, no first token twice', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.nat({ max: 6 }), { minLength: 2, maxLength: 30 }), { maxLength: 40 }),
        fc.integer({ min: 1, max: 3 }),
        (texts, perKey) => {
          const pool = new PhrasePool({ capacityBytes: 40 * PhrasePool.bytesPerPhrase, perKey })
          for (const text of texts) {
            pool.learn(text, 0, text.length, 'history')
            expect(pool.size).toBeLessThanOrEqual(pool.capacity)
            for (let keySize = 1; keySize <= Math.min(MAX_KEY, text.length); keySize++) {
              const found = find(pool, text, keySize)
              expect(found.length).toBeLessThanOrEqual(perKey)
              expect(new Set(found.map((phrase) => phrase.tokens[0])).size).toBe(found.length)
              for (const phrase of found) {
                expect(phrase.key).toEqual(text.slice(-keySize))
                expect(phrase.tokens.length).toBeLessThanOrEqual(MAX_PHRASE)
              }
            }
          }
        },
      ),
      runs(200),
    )
  })
  it('holds as many phrases as the memory allows, and a few at least', () => {
    expect(PhrasePool.bytesPerPhrase).toBe(109)
    expect(new PhrasePool().capacity).toBe(Math.floor((32 * 2 ** 20) / 109))
    expect(new PhrasePool({ capacityBytes: 1019 }).capacity).toBe(9)
    expect(new PhrasePool({ capacityBytes: 0 }).capacity).toBe(8)
    expect([new PhrasePool().vocabulary, new PhrasePool({ vocabulary: 'x' }).vocabulary]).toEqual(['', 'x'])
    const pool = new PhrasePool()
    for (let first = 0; first < 10; first++) pool.insert([1, 50 + first], 1, 2, 1, 'prompt')
    expect(find(pool, [1], 1)).toHaveLength(8)
  })
  it('counters are bounded: seen stays, tries and hits are halved together', () => {
    const pool = new PhrasePool()
    pool.insert([1, 2], 1, 2, 1, 'prompt', 0xfffe)
    pool.insert([1, 2], 1, 2, 1, 'prompt', 5)
    const [id] = pool.find([1], 1, 1) as [number]
    expect(pool.seen(id)).toBe(0xffff)
    pool.record(id, 0xffff, 1000)
    expect(pool.phrase(id)).toMatchObject({ tries: 0xffff, hits: 1000 })
    pool.record(id, 1, 1)
    expect(pool.phrase(id)).toMatchObject({ tries: 0x8000, hits: 501 })
  })
  it('a refuted phrase is offered again once the text shows it, not once the draft model does', () => {
    const pool = new PhrasePool()
    pool.insert([1, 2], 1, 2, 1, 'prompt')
    const [id] = pool.find([1], 1, 1) as [number]
    pool.refute(id)
    pool.insert([1, 2], 1, 2, 1, 'window')
    expect(pool.isRefuted(id)).toBe(true)
    pool.insert([1, 2], 1, 2, 1, 'verification')
    expect(pool.isRefuted(id)).toBe(false)
  })
  it('listeners hear what is new or has changed; seen again, a phrase has the newest source', () => {
    const pool = new PhrasePool()
    const heard: (readonly Token[])[] = []
    pool.listeners.add(({ tokens }) => heard.push(tokens))
    const sources = ['window', 'verification', 'prompt', 'history', 'corpus', 'prediction'] as const
    for (const source of sources) {
      pool.insert([1, 2, 3], 1, 3, 1, source)
      expect(find(pool, [1], 1)[0]?.source).toBe(source)
    }
    pool.insert([1, 2, 4], 1, 3, 1, 'prompt')
    expect(heard).toEqual([
      [2, 3],
      [2, 4],
    ])
  })
  it('forgets everything', () => {
    const pool = new PhrasePool()
    pool.learn(TEXT, 0, TEXT.length, 'prompt')
    pool.clear()
    expect([pool.size, [...pool.entries()], find(pool, [1], 1)]).toEqual([0, [], []])
    pool.insert([1, 2], 1, 2, 1, 'prompt')
    expect(find(pool, [1], 1)).toMatchObject([{ tokens: [2], seen: 1, tries: 0 }])
  })
  it('a slot that is used again keeps nothing of what it held', () => {
    const pool = new PhrasePool({ perKey: 1 })
    pool.insert([1, 2, 3, 4], 1, 4, 1, 'prompt')
    const [id] = pool.find([1], 1, 1) as [number]
    pool.record(id, 3, 2)
    pool.refute(id)
    pool.insert([1, 5], 1, 2, 1, 'window')
    expect(pool.find([1], 1, 1)).toEqual([id])
    expect(pool.phrase(id)).toEqual({ key: [1], tokens: [5], source: 'window', seen: 1, tries: 0, hits: 0, refuted: false })
    expect(pool.isRefuted(id)).toBe(false)
  })
  it('counters of stored phrases add up, whichever of a key’s phrases it is; one without tokens is none', () => {
    const pool = new PhrasePool()
    const stored = (first: Token) =>
      ({ key: [1], tokens: [first, 9], source: 'history', seen: 2, tries: 4, hits: 1, refuted: false }) as const
    for (const first of [2, 3, 2]) pool.restore(stored(first))
    pool.restore({ ...stored(2), tokens: [] })
    expect(find(pool, [1], 1).sort((a, b) => (a.tokens[0] as number) - (b.tokens[0] as number))).toEqual([
      { ...stored(2), seen: 4, tries: 8, hits: 2 },
      stored(3),
    ])
  })
  it('tells what was added since it was last asked, and nothing of what came from a store', () => {
    const pool = new PhrasePool()
    pool.restore({ key: [1], tokens: [2, 3], source: 'history', seen: 7, tries: 4, hits: 3, refuted: true })
    expect(pool.changes()).toEqual([])
    pool.insert([1, 2, 3], 1, 3, 1, 'prompt')
    const [id] = pool.find([1], 1, 1) as [number]
    pool.record(id, 2, 1)
    expect(pool.phrase(id)).toMatchObject({ seen: 8, tries: 6, hits: 4, refuted: false })
    expect(pool.changes()).toEqual([{ key: [1], tokens: [2, 3], source: 'prompt', seen: 1, tries: 2, hits: 1, refuted: false }])
    pool.refute(id)
    expect(pool.changes()).toMatchObject([{ seen: 0, tries: 0, hits: 0, refuted: true }])
    expect(pool.changes()).toEqual([])
  })
  it('merges in any order to the same counts', () => {
    const one = (seen: number) => ({ key: [1], tokens: [2], source: 'history', seen, tries: seen, hits: 1, refuted: false }) as const
    const counts = (all: readonly number[]) => {
      const pool = new PhrasePool()
      for (const seen of all) pool.restore(one(seen))
      return find(pool, [1], 1).map(({ seen, tries, hits }) => [seen, tries, hits])
    }
    expect(counts([1, 5, 9])).toEqual(counts([9, 1, 5]))
  })
  it('comes back from storage the same', () => {
    const pool = new PhrasePool()
    pool.learn(TEXT, 0, TEXT.length, 'prompt')
    const [id] = pool.find([1], 1, 1)
    pool.record(id as number, 4, 3)
    const copy = new PhrasePool()
    for (const phrase of pool.entries()) copy.restore(phrase)
    expect([...copy.entries()]).toEqual([...pool.entries()])
  })
})

describe('History', () => {
  it('learns each position once, however the conversation grows', () => {
    const pool = new PhrasePool()
    const history = new History(pool)
    history.begin([1, 2, 3])
    for (let end = 4; end <= 40; end++) history.extend(Array.from({ length: end }, (_, i) => i + 1))
    history.begin(Array.from({ length: 45 }, (_, i) => i + 1))
    const found = [...pool.entries()]
    expect(found.every((phrase) => phrase.seen === 1)).toBe(true)
    expect(found.find((phrase) => phrase.key.length === 1 && phrase.key[0] === 10)?.tokens.length).toBe(MAX_PHRASE)
  })
})

describe('PaperPool', () => {
  it('keeps the newest G phrases; a known one becomes the newest', () => {
    const pool = new PaperPool(2)
    pool.insert(1, [2, 2])
    pool.insert(1, [3, 3])
    pool.insert(1, [2, 2])
    pool.insert(1, [4, 4])
    expect(pool.phrases(1)).toEqual([
      [2, 2],
      [4, 4],
    ])
    pool.replaceNewest(1, [[5, 5]])
    expect(pool.phrases(1)).toEqual([
      [2, 2],
      [5, 5],
    ])
  })
})
