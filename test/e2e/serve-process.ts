import { type ChildProcess, spawn } from 'node:child_process'
import { LEAN_MALLOC } from '../llama/run-script.ts'

/** The compiled command line. */
export const MAIN = new URL('../../dist/cli/main.js', import.meta.url).pathname

/** `ouroboros serve` as a process of its own, once it listens; `running` gets it at once, so that it is ended in any case. */
export async function startServe(args: readonly string[], running: ChildProcess[]): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [MAIN, 'serve', ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, ...LEAN_MALLOC },
  })
  running.push(child)
  let out = ''
  for await (const chunk of child.stdout) {
    out += chunk
    if (out.includes('\n')) break
  }
  return { child, url: /listening on (\S+)/.exec(out)?.[1] as string }
}
