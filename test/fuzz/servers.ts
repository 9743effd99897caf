import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { listen } from '../../src/server/listen.ts'
import { FakeEngine } from '../../src/testing/index.ts'
import { LEAN_MALLOC } from '../llama/run-script.ts'
import type { Asked } from './requests.ts'

/** A server without weights, in this process. */
export async function fakeServer(): Promise<Asked> {
  const engine = new FakeEngine({ sessions: 8, answer: () => 'So: <tool_call>{"name": "a", "arguments": {}}</tool_call> done.' })
  const server = await listen(engine, { port: 0, metrics: true })
  return {
    url: server.url,
    tokens: 8,
    memory: () => {
      engine.requests.length = 0
      return 0
    },
    close: () => server.stop(0),
  }
}

/** `ouroboros serve` with the small model, as a process of its own. */
export async function realServer(root: string): Promise<Asked> {
  const args = ['-m', 'smollm2-135m', '-md', 'smollm2-135m', '-np', '2', '-c', '256', '--no-calibrate', '--no-history', '--metrics']
  const child = spawn(process.execPath, [`${root}/dist/cli/main.js`, 'serve', '--port', '0', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...LEAN_MALLOC },
  })
  child.stderr.resume()
  let out = ''
  for await (const chunk of child.stdout) {
    out += chunk
    if (out.includes('\n')) break
  }
  const url = /listening on (\S+)/.exec(out)?.[1]
  if (!url) throw new Error('ouroboros serve does not listen')
  return { url, tokens: 3, memory: () => resident(child), close: () => stopped(child) }
}

/** Resident bytes; throws where the process is gone. */
function resident(child: ChildProcess): number {
  if (child.exitCode !== null || child.signalCode !== null) throw new Error(`the server ended: ${child.exitCode ?? child.signalCode}`)
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) * 1024
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) throw new Error(`the server ended: ${child.exitCode ?? child.signalCode}`)
  child.kill('SIGTERM')
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`the server ended with ${code}`)
}
