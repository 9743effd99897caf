import { writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { FakeWorld } from '../cli/fake-world.ts'
import { tempFolder } from '../models/temp-folder.ts'

/** Runs `ouroboros serve`; the address once it listens. */
async function serve(args: readonly string[], command = 'serve') {
  const world = new FakeWorld()
  const exit = world.run([command, '--port', '0', ...args])
  let url: string | undefined
  for (let i = 0; i < 400 && !url; i++) {
    url = /listening on (\S+)/.exec(world.out)?.[1]
    if (!url) await new Promise((resolve) => setTimeout(resolve, 5))
  }
  return { world, exit, url: url as string }
}

describe('ouroboros serve', () => {
  it('loads, listens, answers, and ends with 0 when told to', async () => {
    const { world, exit, url } = await serve(['-np', '3', '--temp', '0.5', '--metrics', '-a', 'mine', '-c', '512'])
    expect(world.loaded).toMatchObject({ sessions: 3, contextLength: 512 })
    const ask = { messages: [{ role: 'user', content: 'Hi' }] }
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(ask),
    })
    expect(await response.json()).toMatchObject({ model: 'mine', choices: [{ message: { content: 'Hello big wide world' } }] })
    expect(world.engine.requests[0]).toMatchObject({ temperature: 0.5, method: 'ouroboros' })
    expect((await fetch(`${url}/metrics`)).status).toBe(200)
    world.interrupt()
    expect(await exit).toBe(0)
    expect(world.engine.disposed).toBe(true)
    expect(world.listening).toBe(false)
    const lines = world.err.split('\n').filter((line) => line.startsWith('{'))
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual(['listening', 'answer', 'request', 'request', 'stopping', 'stopped'])
    expect(world.err).not.toContain('wide')
  })

  it('an engine that does not end is left behind: exit code 1, and the log says why', async () => {
    const { world, exit } = await serve([])
    world.engine.dispose = () => new Promise<void>(() => {})
    vi.useFakeTimers({ toFake: ['setTimeout'] })
    try {
      world.interrupt()
      for (let i = 0; i < 200 && world.exits.length === 0; i++) {
        vi.advanceTimersByTime(100)
        await new Promise((resolve) => setImmediate(resolve))
      }
    } finally {
      vi.useRealTimers()
    }
    expect(world.exits).toEqual([1])
    expect(world.err).toContain('a native call does not end')
    expect(await Promise.race([exit, 'running'])).toBe('running')
  })

  it('playground serves the same and opens its page', async () => {
    const { world, exit, url } = await serve([], 'playground')
    expect((await fetch(`${url}/health`)).status).toBe(200)
    expect(world.opened).toEqual([url])
    world.interrupt()
    expect(await exit).toBe(0)
  })

  it('keys from flags and files', async () => {
    const file = join(await tempFolder(), 'keys')
    writeFileSync(file, 'one\n\n two \n')
    const { world, exit, url } = await serve(['--api-key-file', file, '--api-key', 'three', '--exact'])
    expect(world.loaded).toMatchObject({ sessions: 4, exact: true })
    const status = async (key: string) => (await fetch(`${url}/v1/models`, { headers: { Authorization: `Bearer ${key}` } })).status
    expect([await status('one'), await status('two'), await status('three'), await status('four')]).toEqual([200, 200, 200, 401])
    world.interrupt()
    expect(await exit).toBe(0)
  })

  it('a taken port, a schema that no grammar can express and an unknown flag value are found before models are loaded', async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    const port = String((taken.address() as AddressInfo).port)
    for (const args of [
      ['--port', port],
      ['--json-schema', '{"type": "nonsense"}'],
    ]) {
      const world = new FakeWorld()
      expect(await world.run(['serve', ...args])).toBeGreaterThan(0)
      expect(world.loaded).toBeUndefined()
      expect(world.err).toMatch(/cannot listen|nonsense/)
    }
    taken.close()
  })

  it('templates and thoughts', async () => {
    const { world, exit, url } = await serve([
      ...['--chat-template', 'chatml', '--chat-template-kwargs', '{"enable_thinking": false}', '--reasoning-format', 'none'],
    ])
    expect(world.loaded).toMatchObject({ chatTemplate: 'chatml' })
    await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ messages: [{ role: 'user', content: 'Hi' }], chat_template_kwargs: { more: 1 } }),
    })
    expect(world.engine.requests[0]).toMatchObject({ chatTemplateKwargs: { enable_thinking: false, more: 1 } })
    world.interrupt()
    expect(await exit).toBe(0)
  })

  it.each<[string[], RegExp]>([
    [['--chat-template-kwargs', '[1]'], /JSON object/],
    [['--host', '0.0.0.0'], /can be reached by others.*--api-key/],
    [['--port', '99999'], /--port/],
    [['--parallel', '0'], /--parallel/],
    [['--api-key-file', '/nowhere/keys'], /no such file/],
    [['--api-key', ' '], /not empty/],
  ])('%j is refused', async (args, message) => {
    const world = new FakeWorld()
    expect(await world.run(['serve', ...args])).toBeGreaterThan(0)
    expect(world.err).toMatch(message)
  })
})
