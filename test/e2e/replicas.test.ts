import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { load } from '../../src/index.ts'
import { ApiKeys } from '../../src/server/api-keys.ts'
import { modelFile } from '../llama/model-files.ts'
import { freePort, REDIS_SERVER, RedisServer } from '../store/redis.ts'
import { startServe } from './serve-process.ts'

/** `npm run test:faults`: four. */
const REPLICAS = Number(process.env.OUROBOROS_REPLICAS ?? 2)
const LOAD_SECONDS = Number(process.env.OUROBOROS_LOAD_SECONDS ?? 6)
const [ANN, BOB, CID] = ['ann-secret', 'bob-secret', 'cid-secret']
const messages = (topic: string) => [{ role: 'user' as const, content: `Write two sentences about ${topic}.` }]

/** What tests look at in an answer. */
interface Answer {
  text: string
  steps: number
  pool: { size: number; lookups: number; hits: number }
}

interface Replica {
  child: ChildProcess
  /** Throws where the request fails. */
  ask: (topic: string, more?: { key?: string; tokens?: number }) => Promise<Answer>
  poolSize: () => Promise<number>
}

describe.skipIf(!REDIS_SERVER)(`${REPLICAS} replicas with engines and a real Redis`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'ouroboros-replicas-'))
  const running: ChildProcess[] = []
  let redis: RedisServer
  let replicas: Replica[]
  const replica = (i: number) => replicas[i] as Replica

  async function serve(): Promise<Replica> {
    const args = ['-m', 'smollm2-135m', '--no-draft', '-np', '2', '-c', '1024', '-t', '1', '--no-calibrate', '--share', redis.address]
    const keys = [ANN, BOB, CID].flatMap((key) => ['--api-key', key])
    const { child, url } = await startServe(['--port', '0', ...args, ...keys], running)
    const ask: Replica['ask'] = async (topic, { key = ANN, tokens = 80 } = {}) => {
      const response = await fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', authorization: `Bearer ${key}` },
        body: JSON.stringify({
          messages: messages(topic),
          max_tokens: tokens,
          temperature: 0,
          steps: 'trace',
        }),
      })
      const body = await response.text()
      if (!response.ok) throw new Error(`${response.status} ${body}`)
      const [choice] = JSON.parse(body).choices
      return { text: choice.message.content, steps: choice.steps.length, pool: choice.steps.at(-1).trace.pool }
    }
    const poolSize = async () => (await ask('nothing', { tokens: 2 })).pool.size
    return { child, ask, poolSize }
  }

  /** Waits until all replicas hold as many phrases; returns how many. */
  async function settled(all: readonly Replica[]): Promise<number> {
    let last = ''
    for (const end = Date.now() + 20_000; Date.now() < end; await wait(200)) {
      const sizes = await Promise.all(all.map((one) => one.poolSize()))
      if (sizes.every((size) => size > 0 && size === sizes[0]) && last === String(sizes)) return sizes[0] as number
      last = String(sizes)
    }
    throw new Error(`the replicas hold different numbers of phrases: ${last}`)
  }

  beforeAll(async () => {
    await modelFile('smollm2-135m')
    redis = new RedisServer(folder, await freePort())
    await redis.start()
    replicas = []
    for (let i = 0; i < REPLICAS; i++) replicas.push(await serve())
  })
  afterAll(async () => {
    for (const child of running) child.kill('SIGKILL')
    await redis.kill()
    rmSync(folder, { recursive: true, force: true })
  })

  it('what one learned speeds the others within two seconds, and the text is the same', async () => {
    const others = replicas.slice(1)
    const before = await Promise.all(others.map((one) => one.ask('the sea', { key: BOB })))
    await Promise.all(others.map((one) => one.poolSize())) // from now on they hear of her phrases: the first request must not race them
    const cold = await replica(0).ask('the sea')
    await replica(0).ask('the sea')
    await wait(2000)
    for (const [i, one] of others.entries()) {
      const { text, steps, pool } = await one.ask('the sea')
      console.log(`replica ${i + 2}: ${before[i]?.steps} steps before, ${steps} after; ${pool.size} phrases, ${pool.hits} hits`)
      expect(text).toBe(cold.text)
      expect(before[i]).toMatchObject({ text, steps: cold.steps })
      expect(steps).toBeLessThan(cold.steps * 0.75)
    }
  })

  it('Redis killed and started again under load: no request fails, and everybody knows everything afterwards', async () => {
    const end = Date.now() + LOAD_SECONDS * 1000
    const failures: unknown[] = []
    let answered = 0
    const client = async (number: number) => {
      for (let i = 0; Date.now() < end; i++) {
        try {
          await replica((number + i) % REPLICAS).ask(`number ${number * 1000 + i}`, { tokens: 16 })
          answered++
        } catch (error) {
          failures.push(error)
        }
      }
    }
    const clients = Array.from({ length: 2 * REPLICAS }, (_, number) => client(number))
    await wait(LOAD_SECONDS * 250)
    await redis.kill()
    await wait(LOAD_SECONDS * 400)
    await redis.start()
    await Promise.all(clients)
    expect(failures).toEqual([])
    const size = await settled(replicas)
    console.log(`${answered} requests answered, none failed; ${size} phrases in each of ${REPLICAS} replicas`)
  })

  it('one that joins afterwards knows the same, and of another tenant nothing', async () => {
    await using late = await load({
      target: 'smollm2-135m',
      draft: null,
      contextLength: 1024,
      calibrate: false,
      history: { share: redis.address },
    })
    const ask = async (key: string) => {
      const untaught = {
        messages: messages('the sea'),
        maxTokens: 40,
        options: { sources: [] },
        tenant: new ApiKeys([key]).tenant('key-1') as string,
      }
      return (await late.generate(untaught).result).statistics
    }
    const size = await settled(replicas)
    await ask(ANN)
    await vi.waitFor(async () => expect((await ask(ANN)).pool?.size).toBe(size), { timeout: 10_000, interval: 200 })
    expect((await ask(ANN)).pool?.hits).toBeGreaterThan(0)
    expect((await ask(CID)).pool).toMatchObject({ size: 0, hits: 0 })
  })
})
