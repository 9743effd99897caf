import fc from 'fast-check'
import { expect, it } from 'vitest'
import { MAX_KEY, MAX_PHRASE, type Phrase, PhrasePool, type PhraseSource, type Token } from '../../src/core/index.ts'
import { runs } from './runs.ts'

type Known = { -readonly [Name in keyof Phrase]: Phrase[Name] } & { used: number }

/** What a pool that is never full holds, as plainly as it can be written: per key the phrases, the newest first token first. */
class PlainPool {
  readonly keys = new Map<string, Known[]>()
  readonly changes: Phrase[] = []
  #clock = 0
  readonly #perKey: number

  constructor(perKey: number) {
    this.#perKey = perKey
  }

  insert(text: Token[], at: number, end: number, keySize: number, source: PhraseSource): void {
    const tokens = text.slice(at, Math.min(end, at + MAX_PHRASE))
    if (tokens.length === 0 || at < keySize) return
    const key = text.slice(at - keySize, at)
    const siblings = this.of(key)
    let known = siblings.find((one) => one.tokens[0] === tokens[0])
    const isNew = known === undefined
    if (!known) {
      if (siblings.length >= this.#perKey) {
        const least = Math.min(...siblings.map(worth))
        siblings.splice(
          siblings.findIndex((one) => worth(one) === least),
          1,
        )
      }
      known = { key, tokens: [], source, seen: 0, tries: 0, hits: 0, refuted: false, used: 0 }
      siblings.unshift(known)
    }
    known.seen++
    known.used = ++this.#clock
    if (source !== 'window') known.refuted = false
    const reaches = known.tokens.slice(0, tokens.length)
    if (tokens.length < known.tokens.length && String(reaches) === String(tokens)) return
    const isKnown = !isNew && String(known.tokens) === String(tokens)
    Object.assign(known, { tokens, source })
    if (!isKnown) this.changes.push(phrase(known))
  }

  of(key: Token[]): Known[] {
    const found = this.keys.get(String(key)) ?? []
    this.keys.set(String(key), found)
    return found
  }

  find(key: Token[]): Phrase[] {
    return [...this.of(key)].sort((a, b) => worth(b) - worth(a) || b.used - a.used).map(phrase)
  }

  record(one: Known, tried: number, accepted: number): void {
    one.tries += tried
    one.hits += accepted
    one.used = ++this.#clock
  }
}

const worth = (one: Known) => (one.refuted ? 0 : (one.seen + 4 * one.hits) / (4 + one.tries))
const phrase = ({ key, tokens, source, seen, tries, hits, refuted }: Known): Phrase => ({ key, tokens, source, seen, tries, hits, refuted })

const token = fc.nat({ max: 3 })
const text = fc.array(token, { maxLength: 24 })
const act = fc.oneof(
  fc.record({
    act: fc.constant('learn' as const),
    text,
    source: fc.constantFrom<PhraseSource>('window', 'prompt', 'history'),
    from: fc.nat(3),
  }),
  fc.record({ act: fc.constant('insert' as const), text, at: fc.nat(8), length: fc.nat(4), keySize: fc.integer({ min: 1, max: MAX_KEY }) }),
  fc.record({
    act: fc.constantFrom('record' as const, 'refute' as const),
    key: fc.array(token, { minLength: 1, maxLength: 2 }),
    which: fc.nat(2),
    tried: fc.nat(5),
  }),
)

it('a pool that is not full does what the plain one does: every phrase, counter, order and notice', () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 40 }), fc.integer({ min: 1, max: 3 }), (acts, perKey) => {
      const pool = new PhrasePool({ perKey, capacityBytes: 200_000 })
      const plain = new PlainPool(perKey)
      const heard: Phrase[] = []
      pool.listeners.add((one) => heard.push(one))
      for (const one of acts) {
        if (one.act === 'learn') {
          pool.learn(one.text, one.from, one.text.length, one.source)
          for (let at = one.from; at < one.text.length; at++)
            for (let keySize = 1; keySize <= MAX_KEY; keySize++) plain.insert(one.text, at, one.text.length, keySize, one.source)
        } else if (one.act === 'insert') {
          const end = Math.min(one.text.length, one.at + one.length)
          pool.insert(one.text, one.at, end, one.keySize, 'verification')
          plain.insert(one.text, one.at, end, one.keySize, 'verification')
        } else {
          const found = pool.find(one.key, one.key.length, one.key.length)
          const id = found[one.which]
          if (id === undefined) continue
          const known = plain.of(one.key).find(({ tokens }) => tokens[0] === pool.token(id, 0)) as Known
          if (one.act === 'refute') {
            pool.refute(id)
            known.refuted = true
          } else {
            pool.record(id, one.tried, Math.min(1, one.tried))
            plain.record(known, one.tried, Math.min(1, one.tried))
          }
          expect(pool.isRefuted(id)).toBe(known.refuted)
        }
      }
      expect(heard).toEqual(plain.changes)
      expect(pool.size).toBe([...plain.keys.values()].reduce((sum, known) => sum + known.length, 0))
      for (const key of [...plain.keys.keys()].map((one) => one.split(',').map(Number))) {
        const found = pool.find(key, key.length, key.length)
        expect(found.map((id) => pool.phrase(id))).toEqual(plain.find(key))
        expect(found.map((id) => [pool.seen(id), pool.length(id)])).toEqual(plain.find(key).map((one) => [one.seen, one.tokens.length]))
      }
    }),
    runs(300),
  )
})

it('a full pool finds every phrase that it holds, once, and no other', () => {
  fc.assert(
    fc.property(fc.array(fc.array(fc.nat({ max: 40 }), { minLength: 2, maxLength: 30 }), { minLength: 10, maxLength: 20 }), (texts) => {
      const pool = new PhrasePool({ capacityBytes: 20 * PhrasePool.bytesPerPhrase })
      for (const one of texts) pool.learn(one, 0, one.length, 'history')
      expect(pool.size).toBeLessThanOrEqual(20)
      const held = [...pool.entries()]
      const found = new Map(held.map(({ key }) => [String(key), pool.find(key, key.length, key.length).map((id) => pool.phrase(id))]))
      const listed = [...found.values()].flat()
      expect(listed.map((one) => JSON.stringify(one)).sort()).toEqual(held.map((one) => JSON.stringify(one)).sort())
    }),
    runs(100),
  )
})
