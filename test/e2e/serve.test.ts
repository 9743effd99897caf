import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import { modelFile } from '../llama/model-files.ts'
import { startServe } from './serve-process.ts'

const running: ChildProcess[] = []

/** A server with the small model, as its own draft, on a free port of the loopback. */
async function serve(port = 0) {
  await modelFile('smollm2-135m')
  const args = ['-m', 'smollm2-135m', '-md', 'smollm2-135m', '-np', '3', '-c', '512', '-t', '1', '--no-calibrate']
  const { child, url } = await startServe(['--port', String(port), '--metrics', ...args], running)
  const post = (body: object, signal?: AbortSignal) =>
    fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ messages: [{ role: 'user', content: 'Write one sentence about the sea.' }], max_tokens: 16, ...body }),
      ...(signal && { signal }),
    })
  return { child, url, post }
}

afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL')
})

/** Resident memory in MiB. */
const memory = (child: ChildProcess) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1024

describe('a server as a process', () => {
  it('SIGTERM: what runs is finished, the exit code is 0', async () => {
    const { child, post } = await serve()
    const answer = post({ stream: true, max_tokens: 30 })
    await (await answer.then((response) => response.body?.getReader()))?.read()
    const second = post({ max_tokens: 40, logit_bias: { 2: -100 } })
    await new Promise((resolve) => setTimeout(resolve, 200))
    child.kill('SIGTERM')
    expect(await (await second).json()).toMatchObject({ usage: { completion_tokens: 40 } })
    const [code] = await once(child, 'exit')
    expect(code).toBe(0)
  })

  it('kill -9, and it can be started again at the same port at once', async () => {
    const first = await serve()
    const lost = first.post({ max_tokens: 400 }).then(
      () => 'answered',
      () => 'lost',
    )
    await new Promise((resolve) => setTimeout(resolve, 200))
    first.child.kill('SIGKILL')
    expect(await lost).toBe('lost')
    const { post, url } = await serve(Number(new URL(first.url).port))
    expect(url).toBe(first.url)
    expect((await post({})).status).toBe(200)
  })

  it('a hundred clients that leave at random moments: all slots are free again, memory stays', async () => {
    const { child, post, url } = await serve()
    await Promise.all([post({}), post({}), post({})])
    const storm = () =>
      Promise.allSettled(
        Array.from({ length: 50 }, async (_, i) => {
          const controller = new AbortController()
          const timer = setTimeout(() => controller.abort(), (i * 7919) % 1500)
          try {
            return await (
              await post(
                { stream: i % 2 === 0, max_tokens: 60, temperature: i % 3, speculative: i % 5 !== 0 && { type: 'ouroboros' } },
                controller.signal,
              )
            ).text()
          } finally {
            clearTimeout(timer)
          }
        }),
      )
    await storm()
    const before = memory(child)
    await storm()
    for (let i = 0; i < 100; i++) {
      const { slots_idle: idle } = (await (await fetch(`${url}/health`)).json()) as { slots_idle: number }
      if (idle === 3) break
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    expect(await (await fetch(`${url}/health`)).json()).toEqual({ status: 'ok', slots_idle: 3, slots_processing: 0 })
    expect(memory(child) - before).toBeLessThan(40)
    expect((await post({})).status).toBe(200)
  })
})
