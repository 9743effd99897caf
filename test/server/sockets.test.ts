import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { HI, testServer } from './harness.ts'

const LONG = Array.from({ length: 400 }, (_, i) => `word${i}`).join(' ')
const post = (url: string, body: object, signal?: AbortSignal) =>
  fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ ...HI, ...body }),
    ...(signal && { signal }),
  })

/** Waits until it is true. */
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 4000 && !(await condition()); i++) await sleep(5)
  expect(await condition()).toBe(true)
}

describe('clients that go away', () => {
  it('a closed stream frees its slot within one step', async () => {
    const { engine, url } = await testServer({ stepMs: 20, answer: () => LONG })
    const controller = new AbortController()
    const response = await post(url, { stream: true }, controller.signal)
    const reader = response.body?.getReader()
    await reader?.read()
    expect(engine.running).toBe(1)
    controller.abort()
    await sleep(80)
    expect([engine.running, engine.aborted]).toEqual([0, 1])
  })

  it('also one that is not streamed, and one that still waits for a slot', async () => {
    const { engine, url } = await testServer({ stepMs: 20, sessions: 1, answer: () => LONG })
    const [first, second] = [new AbortController(), new AbortController()]
    const lost = Promise.allSettled([post(url, {}, first.signal), post(url, {}, second.signal)])
    await until(() => engine.requests.length === 2)
    second.abort()
    await until(() => engine.aborted === 1)
    expect(engine.running).toBe(1)
    first.abort()
    await until(() => engine.running === 0)
    await lost
  })

  it('hundreds at random moments: no slot is lost, the server goes on answering', async () => {
    const { engine, url } = await testServer({ sessions: 4, stepMs: 1, answer: () => LONG.slice(0, 300) }, { limits: { queued: 1000 } })
    const outcomes = await Promise.allSettled(
      Array.from({ length: 300 }, async (_, i) => {
        const controller = new AbortController()
        const timer = setTimeout(() => controller.abort(), (i * 7919) % 300)
        try {
          return (await (await post(url, { stream: i % 2 === 0 }, controller.signal)).text()).length
        } finally {
          clearTimeout(timer)
        }
      }),
    )
    expect(outcomes.filter(({ status }) => status === 'rejected').length).toBeGreaterThan(50)
    await until(() => engine.running === 0)
    expect(engine.mostRunning).toBeLessThanOrEqual(4)
    const idle = async () => ((await (await fetch(`${url}/health`)).json()) as { slots_idle: number }).slots_idle
    await until(async () => (await idle()) === 4) // the last aborts may still be on their way
    expect((await post(url, {})).status).toBe(200)
  })

  it('a client that does not read is broken off', async () => {
    // Much more than the sockets' buffers hold.
    const answer = () => `${'x'.repeat(100_000)} `.repeat(600)
    const { engine, port } = await testServer({ stepMs: 5, stepWords: 1, answer }, { limits: { writeMs: 100 } })
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    const body = JSON.stringify({ ...HI, stream: true })
    socket.write(
      `POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    )
    socket.pause()
    await until(() => engine.requests.length > 0)
    await until(() => engine.running === 0)
    expect(engine.aborted).toBe(1)
    socket.destroy()
  })
})

describe('connections', () => {
  it('two thousand idle ones do not stop it from answering', async () => {
    const { url, port } = await testServer()
    const sockets: Socket[] = []
    for (let i = 0; i < 2000; i++) {
      const socket = connect(port, '127.0.0.1')
      socket.on('error', () => {})
      sockets.push(socket)
      if (i % 100 === 99) await once(socket, 'connect')
    }
    expect((await post(url, {})).status).toBe(200)
    for (const socket of sockets) socket.destroy()
  })

  it('rubbish instead of HTTP, and half a request', async () => {
    const { url, port } = await testServer()
    for (const bytes of [
      '\x00\x01\x02rubbish\r\n\r\n',
      'POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"mess',
    ]) {
      const socket = connect(port, '127.0.0.1')
      socket.on('error', () => {})
      socket.write(bytes)
      await sleep(20)
      socket.destroy()
    }
    expect((await post(url, {})).status).toBe(200)
  })

  it('10 MB of body are refused, and the server goes on', async () => {
    const { url, engine } = await testServer()
    const huge = await post(url, { padding: 'x'.repeat(10 * 2 ** 20) })
    expect(huge.headers.get('connection')).toBe('close')
    expect(huge.status).toBe(413)
    expect(engine.requests).toEqual([])
    expect((await post(url, {})).status).toBe(200)
  })
})

describe('stopping', () => {
  it('finishes what runs and takes nothing new', async () => {
    const { url, engine, stop } = await testServer({ stepMs: 20, stepWords: 1 })
    const running = post(url, {})
    await until(() => engine.running === 1)
    const stopped = stop(5000)
    await sleep(5)
    await expect(post(url, {}).then(({ status }) => status)).rejects.toThrow()
    expect(await (await running).json()).toMatchObject({ choices: [{ message: { content: 'Hello there, wide world!' } }] })
    await stopped
  })

  it('cuts at the deadline what takes longer: a stream still ends as one', async () => {
    const { url, engine, stop } = await testServer({ stepMs: 10, answer: () => LONG })
    const response = await post(url, { stream: true })
    await until(() => engine.running === 1)
    const began = performance.now()
    const [text] = await Promise.all([response.text(), stop(100)])
    expect(performance.now() - began).toBeLessThan(2000)
    expect(text).toContain('"finish_reason":"length"')
    expect(text).toMatch(/data: \[DONE\]\n\n$/)
    expect(engine.running).toBe(0)
  })
})
