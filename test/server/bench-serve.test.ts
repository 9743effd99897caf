import { describe, expect, it } from 'vitest'
import { runLoad } from '../../src/bench/serve-load.ts'
import { serveRows, serveTable } from '../../src/bench/serve-report.ts'
import { FakeWorld } from '../cli/fake-world.ts'
import { testServer } from './harness.ts'

describe('bench serve', () => {
  it('asks so many at once, and knows texts, tokens and times', async () => {
    const { url, engine } = await testServer({ sessions: 4, stepMs: 3, answer: ({ messages }) => `You said ${messages?.[0]?.content}` })
    const plan = { prompts: ['a', 'b', 'c', 'd', 'e'], concurrency: 2, maxTokens: 20, speculative: true }
    const load = await runLoad(url, plan, AbortSignal.timeout(10_000))
    expect(load.answers.map(({ text, tokens }) => [text, tokens])).toEqual(['a', 'b', 'c', 'd', 'e'].map((name) => [`You said ${name}`, 3]))
    expect(engine.mostRunning).toBe(2)
    for (const { firstMs, perTokenMs } of load.answers) expect([firstMs > 0, perTokenMs > 0]).toEqual([true, true])
    await runLoad(url, { ...plan, speculative: false }, AbortSignal.timeout(10_000))
    expect(engine.requests.map(({ method }) => method)).toEqual([...Array(5).fill(undefined), ...Array(5).fill('vanilla')])
    const slow = { ...load, seconds: 2 * load.seconds }
    const rows = serveRows(
      2,
      [load, slow, load].map((plain) => ({ plain, ouroboros: load })),
      new Array(5).fill('You said a'),
    )
    expect(rows).toMatchObject([
      { concurrency: 2, method: 'plain', speedup: 1, spread: { min: 1, max: 1 }, equal: 3, answers: 15 },
      { method: 'ouroboros', speedup: 1, spread: { min: 1, max: 2 } },
    ])
    expect(serveTable(rows).split('\n')[2]).toMatch(/ouroboros.*1\.00x +\(1\.00\.\.2\.00\).*3\/15/)
  })

  it('a server that refuses is named with its status', async () => {
    const { url } = await testServer({}, { apiKeys: ['k'] })
    const plan = { prompts: ['a'], concurrency: 1, maxTokens: 20, speculative: true }
    await expect(runLoad(url, plan, AbortSignal.timeout(5000))).rejects.toThrow(
      expect.objectContaining({ message: expect.stringContaining('401') }),
    )
  })
})

describe('the command line of bench serve', () => {
  it.each<[string[], RegExp]>([
    [['bench', 'serve'], /required option '--data <dir>'/],
    [['bench', 'serve', '--data', '/nowhere'], /no such folder/],
    [['bench', 'serve', '--data', '/nowhere', '--concurrency', '0'], /integers from 1 to 64/],
    [['bench', 'serve', '--data', '/nowhere', '--task', 'none'], /--task/],
  ])('%j', async (args, message) => {
    const world = new FakeWorld()
    expect(await world.run(args)).toBeGreaterThan(0)
    expect(world.err).toMatch(message)
  })
})
