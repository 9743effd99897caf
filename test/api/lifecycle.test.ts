import type { Worker } from 'node:worker_threads'
import { expect, test, vi } from 'vitest'
import { load } from '../../src/index.ts'
import { SEA, SMALL } from './small-engine.ts'

/** The threads that were started, so that one can be made to fail. */
const threads = vi.hoisted((): Worker[] => [])
vi.mock('node:worker_threads', async (original) => {
  const module = await original<typeof import('node:worker_threads')>()
  class Watched extends module.Worker {
    constructor(...parameters: ConstructorParameters<typeof module.Worker>) {
      super(...parameters)
      threads.push(this)
    }
  }
  return { ...module, default: module, Worker: Watched }
})

const alone = { ...SMALL, draft: null }
const closed = expect.objectContaining({ code: 'E_CLOSED' })

test('dispose ends what runs and what waits, twice is as good as once', async () => {
  const engine = await load(alone)
  const running = engine.generate({ ...SEA, maxTokens: 300, logitBias: { 2: -100 } })
  const waiting = engine.generate(SEA)
  for await (const step of running) if (step.text) break
  await Promise.all([engine.dispose(), engine.dispose()])
  await engine.dispose()
  expect(await running.result).toMatchObject({ finishReason: 'abort', text: expect.stringMatching(/./) })
  expect(await waiting.result).toMatchObject({ finishReason: 'abort', text: '' })
  expect(() => engine.generate(SEA)).toThrow(closed)
  expect(() => engine.tokenize('x')).toThrow(closed)
})

test('`await using` disposes', async () => {
  let kept: Awaited<ReturnType<typeof load>>
  {
    await using engine = await load(alone)
    kept = engine
    expect(await engine.tokenize('x')).toHaveLength(1)
  }
  expect(() => kept.generate(SEA)).toThrow(closed)
})

test('a thread that dies rejects what is pending with E_ENGINE; later calls are E_CLOSED', async () => {
  const engine = await load(alone)
  const generation = engine.generate({ ...SEA, maxTokens: 300, logitBias: { 2: -100 } })
  const waiting = engine.generate(SEA)
  const question = engine.tokenize('x'.repeat(100))
  const reading = (async () => {
    for await (const _ of generation) threads.at(-1)?.postMessage(null) // what it cannot read ends it
  })()
  const broken = expect.objectContaining({ code: 'E_ENGINE', message: expect.stringContaining('thread') })
  await expect(reading).rejects.toThrow(broken)
  await expect(generation.result).rejects.toThrow(broken)
  await expect(waiting.result).rejects.toThrow(broken)
  await question
  expect(() => engine.generate(SEA)).toThrow(closed)
  await engine.dispose()
})

test('a thread that is stuck in a native call: whoever gives up is told, and so are all others', async () => {
  const engine = await load(alone)
  const controller = new AbortController()
  const stuck = engine.generate({ ...SEA, signal: controller.signal })
  const waiting = engine.generate(SEA)
  await stuck.started
  threads.at(-1)?.removeAllListeners('message') // as if nothing were heard any more
  vi.useFakeTimers({ toFake: ['setTimeout'] })
  controller.abort()
  vi.advanceTimersByTime(60_000)
  vi.useRealTimers()
  const broken = expect.objectContaining({ code: 'E_ENGINE', message: expect.stringContaining('does not end') })
  await expect(stuck.result).rejects.toThrow(broken)
  await expect(waiting.result).rejects.toThrow(broken)
  expect(() => engine.generate(SEA)).toThrow(closed)
  await engine.dispose()
  await threads.at(-1)?.terminate()
})
