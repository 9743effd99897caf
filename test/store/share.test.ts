import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { OuroborosError } from '../../src/core/errors.ts'
import type { PhrasePool } from '../../src/core/phrases/phrase-pool.ts'
import { PhrasePools } from '../../src/runtime/phrase-pools.ts'
import { historySettings } from '../../src/store/history-settings.ts'
import { ThreadStore } from '../../src/store/thread-store.ts'
import { freePort, REDIS_SERVER, RedisServer } from './redis.ts'

const BOUNDS = { folder: '', most: 20_000, days: 1, vocabSize: 1000 }
const text = (seed: number) => Array.from({ length: 60 }, (_, i) => (seed * 131 + i * i * 7) % 1000)

/** What is in a pool, and how often. */
const counts = (pool: PhrasePool) =>
  Object.fromEntries(
    [...pool.entries()].map(({ key, tokens, seen, tries, hits }) => [[...key, tokens[0]].join(), [seen, tries, hits]] as const).sort(),
  )

describe.skipIf(!REDIS_SERVER)('a history that replicas share', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ouroboros-share-'))
  const warnings: string[] = []
  const open: PhrasePools[] = []
  let redis: RedisServer
  let corpus = 0

  function replica(tenant = 'team'): PhrasePools {
    const store = new ThreadStore(
      { ...BOUNDS, share: redis.address },
      { vocabulary: 'v', corpus: `c${corpus}` },
      (line) => void warnings.push(line),
    )
    const pools = new PhrasePools({ store, tenant, corpus: [], most: BOUNDS.most })
    open.push(pools)
    return pools
  }

  const learn = ({ pool }: { pool: PhrasePool }, seed: number) => pool.learn(text(seed), 0, text(seed).length, 'history')
  const same = (a: PhrasePools, b: PhrasePools) =>
    vi.waitFor(() => expect(counts(b.of().pool)).toEqual(counts(a.of().pool)), { timeout: 15_000, interval: 50 })

  beforeAll(async () => {
    redis = new RedisServer(folder, await freePort())
    await redis.start()
  })
  afterEach(async () => {
    for (const pools of open.splice(0)) await pools.close()
    warnings.length = 0
    corpus++
  })
  afterAll(async () => {
    await redis.kill()
    rmSync(folder, { recursive: true, force: true })
  })

  it('what one replica learns the others know, and counts add up', async () => {
    const [a, b] = [replica(), replica()]
    learn(a.of(), 1)
    learn(b.of(), 1)
    learn(b.of(), 2)
    const alone = new PhrasePools({ store: undefined, tenant: 'team', corpus: [], most: BOUNDS.most })
    for (const seed of [1, 1, 2]) learn(alone.of(), seed)
    await same(alone, a)
    await same(alone, b)
    const [id] = a.of().pool.find(text(1), 10, 2)
    a.of().pool.record(id as number, 5, 3)
    await same(a, b)
    expect(counts(a.of('other').pool)).toEqual({})
    expect(warnings).toEqual([])
  })

  it('one that joins late has the same counts, also of what the stream no longer holds', async () => {
    const a = replica()
    const client = redis.client()
    const key = `ouroboros:1:v:team:c${corpus}`
    for (let seed = 0; seed < 300; seed++) {
      learn(a.of(), seed % 9)
      if (seed % 100 === 0) await vi.waitFor(async () => expect(await client.xlen(`${key}:stream`)).toBeGreaterThan(seed / 100))
    }
    await same(a, replica())
    const [, fields] = (await client.xrange(`${key}:stream`, '-', '+', 'COUNT', 1))[0] as [string, string[]]
    for (let i = 0; i < 600; i++) await client.xadd(`${key}:stream`, '*', 'writer', 'x', 'number', i + 1, 'phrases', '')
    expect(fields.length).toBe(6)
    learn(a.of(), 100)
    await vi.waitFor(async () => expect(await client.exists(`${key}:snapshot`)).toBe(1), { timeout: 10_000 })
    expect(await client.xlen(`${key}:stream`)).toBeLessThan(512)
    await same(a, replica())
    client.disconnect()
  })

  it('works on alone while Redis is gone, and catches up afterwards', async () => {
    const [a, b] = [replica(), replica()]
    learn(a.of(), 1)
    await same(a, b)
    await redis.kill()
    learn(a.of(), 2)
    learn(b.of(), 3)
    await vi.waitFor(() => expect(warnings.length).toBe(2), { timeout: 10_000 }) // one each
    expect(warnings.join()).not.toContain('secret')
    await redis.start()
    const alone = new PhrasePools({ store: undefined, tenant: 'team', corpus: [], most: BOUNDS.most })
    for (const seed of [1, 2, 3]) learn(alone.of(), seed)
    for (const pools of [a, b, replica()]) await same(alone, pools)
    expect(warnings.length).toBe(2)
  })

  it('what is forgotten is gone from Redis, and learning goes on', async () => {
    const a = replica()
    learn(a.of(), 1)
    const b = replica()
    await same(a, b)
    await b.close()
    a.forget()
    expect(counts(a.of().pool)).toEqual({})
    learn(a.of(), 2)
    await same(a, replica())
  })

  it('what is written by others into the stream is looked at', async () => {
    const client = redis.client()
    const key = `ouroboros:1:v:team:c${corpus}:stream`
    for (const bytes of [Buffer.from([255, 255, 1]), Buffer.from([1, 1, 0, 1, 0, 0, 255, 127, 5])])
      await client.xadd(key, '*', 'writer', 'x', 'number', 1, 'phrases', bytes)
    await client.xadd(key, '*', 'nothing', 'known')
    client.disconnect()
    const [a, b] = [replica(), replica()]
    learn(a.of(), 1)
    await same(a, b)
    expect(warnings).toEqual([])
  })
})

describe('the address of a shared history', () => {
  it('comes from the option or the environment', () => {
    expect(historySettings({ share: 'rediss://a:b@c:1/2' }, {})?.share).toBe('rediss://a:b@c:1/2')
    expect(historySettings(undefined, { OUROBOROS_REDIS: 'redis://c' })?.share).toBe('redis://c')
    expect(historySettings({}, { OUROBOROS_REDIS: 'redis://c', OUROBOROS_HISTORY: 'off' })).toBeNull()
  })

  it('is refused where it is none, without its password', () => {
    for (const share of ['http://c', 'redis://', 'x:secret@c']) {
      const settings = () => historySettings({ share }, {})
      expect(settings).toThrow(OuroborosError)
      expect(settings).toThrow(/^share: expected redis:/)
      expect(settings).not.toThrow(/secret/)
    }
  })
})
