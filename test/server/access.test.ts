import { describe, expect, it } from 'vitest'
import { Admission } from '../../src/server/admission.ts'
import { listen } from '../../src/server/listen.ts'
import { FakeEngine } from '../../src/testing/index.ts'
import { HI, testApp } from './harness.ts'

const CHAT = '/v1/chat/completions'

describe('access', () => {
  it('with keys: every route but the probe and the description wants one', async () => {
    const { app, post } = testApp({}, { apiKeys: ['first', 'second'], metrics: true })
    for (const path of ['/v1/models', '/props', '/metrics', '/nothing']) {
      const response = await app.request(path)
      expect(response.status).toBe(401)
      expect(await response.json()).toMatchObject({ error: { code: 'invalid_api_key', type: 'authentication_error' } })
    }
    for (const path of ['/health', '/openapi.json']) expect((await app.request(path)).status).toBe(200)
    for (const key of ['first', 'second']) expect((await post(CHAT, HI, { Authorization: `Bearer ${key}` })).status).toBe(200)
    for (const header of ['Bearer third', 'Bearer ', 'first', 'Basic first', 'Bearer first second', `Bearer ${'x'.repeat(5000)}`])
      expect((await post(CHAT, HI, { Authorization: header })).status).toBe(401)
  })

  it('the key decides whose phrases are used, nothing in the body', async () => {
    const { engine, post } = testApp({}, { apiKeys: ['first', 'second'] })
    for (const key of ['first', 'second', 'first']) await post(CHAT, { ...HI, user: 'me' }, { Authorization: `Bearer ${key}` })
    const [a, b, c] = engine.requests.map(({ tenant }) => tenant)
    expect(a).toMatch(/^key-[0-9a-f]{24}$/)
    expect(b).not.toBe(a)
    expect(c).toBe(a)
    const shared = testApp({}, { apiKeys: ['first'], shareHistory: true })
    await shared.post(CHAT, HI, { Authorization: 'Bearer first' })
    const open = testApp()
    await open.post(CHAT, HI)
    for (const { engine } of [shared, open]) expect(engine.requests.map(({ tenant }) => tenant)).toEqual([undefined])
  })

  it('no CORS headers unless an origin is allowed', async () => {
    const headers = { Origin: 'https://example.org', 'Access-Control-Request-Method': 'POST' }
    const closed = await testApp().app.request(CHAT, { method: 'OPTIONS', headers })
    expect(closed.headers.get('access-control-allow-origin')).toBeNull()
    const { app } = testApp({}, { corsOrigins: ['https://example.org'], apiKeys: ['k'] })
    const allowed = await app.request(CHAT, { method: 'OPTIONS', headers })
    expect(allowed.headers.get('access-control-allow-origin')).toBe('https://example.org')
    const other = await app.request(CHAT, { method: 'OPTIONS', headers: { ...headers, Origin: 'https://evil.example' } })
    expect(other.headers.get('access-control-allow-origin')).toBeNull()
  })

  it('binds elsewhere than the loopback only with a key or when told to', async () => {
    const refused = expect.objectContaining({ code: 'E_USAGE', message: expect.stringContaining('--api-key') })
    await expect(listen(new FakeEngine(), { host: '0.0.0.0', port: 0 })).rejects.toThrow(refused)
    for (const options of [{ apiKeys: ['k'] }, { open: true }]) {
      const server = await listen(new FakeEngine(), { host: '0.0.0.0', port: 0, ...options })
      await server.stop(0)
    }
  })

  it('a port that is taken', async () => {
    const server = await listen(new FakeEngine(), { port: 0 })
    await expect(listen(new FakeEngine(), { port: server.port })).rejects.toThrow(
      expect.objectContaining({ code: 'E_USAGE', message: expect.stringContaining('EADDRINUSE') }),
    )
    await server.stop(0)
  })
})

describe('limits', () => {
  it('a body that is too large: 413, with and without a length', async () => {
    const { app, engine } = testApp({}, { limits: { bodyBytes: 1000 } })
    const body = JSON.stringify({ messages: [{ role: 'user', content: 'x'.repeat(2000) }] })
    const headers = { 'Content-Type': 'application/json' }
    const known = await app.request(CHAT, { method: 'POST', headers: { ...headers, 'Content-Length': String(body.length) }, body })
    expect(known.status).toBe(413)
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode(body))
        controller.close()
      },
    })
    const unknown = await app.request(CHAT, { method: 'POST', headers, body: stream, duplex: 'half' } as RequestInit)
    expect(unknown.status).toBe(413)
    expect(engine.requests).toEqual([])
  })

  it('a prompt of too many tokens: 413, and its slot is free again', async () => {
    const { post, engine, serving } = testApp({ stepMs: 50 }, { limits: { promptTokens: 5 } })
    const response = await post(CHAT, { messages: [{ role: 'user', content: 'one two three four five six' }] })
    expect(response.status).toBe(413)
    expect(await response.json()).toMatchObject({ error: { code: 'prompt_too_long' } })
    await new Promise((resolve) => setTimeout(resolve, 60))
    expect([engine.running, serving.admission.processing]).toEqual([0, 0])
  })

  it('a full queue: 429 with Retry-After; those that wait are answered', async () => {
    const { post, engine } = testApp({ sessions: 1, stepMs: 10 }, { limits: { queued: 2 } })
    const responses = await Promise.all(Array.from({ length: 6 }, () => post(CHAT, HI)))
    const statuses = responses.map(({ status }) => status).sort()
    expect(statuses).toEqual([200, 200, 200, 429, 429, 429])
    const full = responses.find(({ status }) => status === 429)
    expect(Number(full?.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    expect(await full?.json()).toMatchObject({ error: { type: 'rate_limit_error', code: 'queue_full' } })
    expect(engine.mostRunning).toBe(1)
    expect((await post(CHAT, { ...HI, n: 4 })).status).toBe(400)
  })

  it('waiting too long for a slot: 429', async () => {
    const { post, engine } = testApp({ sessions: 1, stepMs: 40 }, { limits: { queueMs: 20 } })
    const [first, second] = await Promise.all([post(CHAT, HI), post(CHAT, HI)])
    expect([first?.status, second?.status]).toEqual([200, 429])
    expect(await second?.json()).toMatchObject({ error: { code: 'queue_timeout' } })
    expect(engine.running).toBe(0)
  })

  it('an answer that takes too long is cut', async () => {
    const { post } = testApp({ stepMs: 30, stepWords: 1 }, { limits: { answerMs: 50 } })
    expect(await (await post(CHAT, HI)).json()).toMatchObject({ choices: [{ message: { content: 'Hello' }, finish_reason: 'length' }] })
  })

  it('requests per minute and answers at once, by key', async () => {
    const limits = { perMinute: 3, perKey: 1 }
    const { post } = testApp({ stepMs: 10 }, { apiKeys: ['a', 'b'], limits })
    const ask = (key: string) => post(CHAT, HI, { Authorization: `Bearer ${key}` })
    const [first, second, other] = await Promise.all([ask('a'), ask('a'), ask('b')])
    expect([first?.status, second?.status, other?.status]).toEqual([200, 429, 200])
    expect(await second?.json()).toMatchObject({ error: { code: 'concurrency_exceeded' } })
    await ask('a')
    const over = await ask('a')
    expect(over.status).toBe(429)
    expect(await over.json()).toMatchObject({ error: { code: 'rate_limit_exceeded' } })
    expect(Number(over.headers.get('retry-after'))).toBe(20)
    expect((await ask('b')).status).toBe(200)
  })

  it('the allowance comes back with time', () => {
    let now = 0
    const admission = new Admission(1, { queued: 0, perKey: 9, perMinute: 60 }, () => now)
    for (let i = 0; i < 60; i++) admission.count('a')
    expect(() => admission.count('a')).toThrow('60 requests a minute')
    now = 1000
    admission.count('a')
    expect(() => admission.count('a')).toThrow()
  })

  it('logs have a line per answer and per request, without text unless asked', async () => {
    for (const logPrompts of [false, true]) {
      const lines: object[] = []
      const log = { info: (about: object, what: string) => void lines.push({ ...about, what }), warn() {}, error() {} }
      const { post } = testApp({}, { log, logPrompts, apiKeys: ['k'] })
      await post(CHAT, HI, { Authorization: 'Bearer k', 'X-Request-Id': 'r1' })
      expect(lines).toEqual([
        expect.objectContaining({ what: 'answer', id: 'r1', client: 'key-1', predicted_n: 4, draft_n: 4, finish: 'stop' }),
        expect.objectContaining({ what: 'request', id: 'r1', status: 200, path: CHAT }),
      ])
      expect(JSON.stringify(lines).includes('Hello')).toBe(logPrompts)
      expect(JSON.stringify(lines).includes('Bearer')).toBe(false)
    }
  })
})

it('more choices than slots are streamed as they come, not when the last one has a slot', async () => {
  const { post } = testApp({ sessions: 1, stepMs: 15, stepWords: 1 })
  const began = performance.now()
  const response = await post(CHAT, { ...HI, n: 4, stream: true })
  const reader = response.body?.getReader()
  let first = ''
  while (!first.includes('Hello')) first += new TextDecoder().decode((await reader?.read())?.value)
  const toFirst = performance.now() - began
  let rest = first
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) rest += new TextDecoder().decode(part.value)
  expect(rest.match(/"finish_reason":"stop"/g)).toHaveLength(4)
  expect(toFirst).toBeLessThan((performance.now() - began) / 2)
})
