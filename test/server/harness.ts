import { afterEach } from 'vitest'
import { createApp } from '../../src/server/app.ts'
import { type Listening, type ListenOptions, listen } from '../../src/server/listen.ts'
import type { ServerOptions } from '../../src/server/options.ts'
import { Serving } from '../../src/server/serving.ts'
import { FakeEngine, type FakeEngineOptions } from '../../src/testing/index.ts'

/** An application without a socket. */
export function testApp(engine: FakeEngineOptions = {}, options: ServerOptions = {}) {
  const fake = new FakeEngine(engine)
  const serving = new Serving(fake, options)
  const app = createApp(serving)
  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    app.request(path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
  return { engine: fake, serving, app, post }
}

const open: Listening[] = []

/** A server on a free port of the loopback; stopped after the test. */
export async function testServer(engine: FakeEngineOptions = {}, options: ListenOptions = {}) {
  const fake = new FakeEngine(engine)
  const server = await listen(fake, { port: 0, ...options })
  open.push(server)
  return { engine: fake, ...server }
}

afterEach(async () => {
  for (const server of open.splice(0)) await server.stop(0)
})

/** The events of a stream, parsed; the last one must be [DONE]. */
export async function events(response: Response): Promise<Record<string, unknown>[]> {
  const lines = (await response.text()).split('\n\n').filter(Boolean)
  if (lines.pop() !== 'data: [DONE]') throw new Error('the stream has no end')
  return lines.map((line) => JSON.parse(line.replace(/^data: /, '')))
}

export const HI = { messages: [{ role: 'user', content: 'Hi' }] }
