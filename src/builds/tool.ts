import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { OuroborosError } from '../core/errors.ts'

export interface ToolOptions {
  readonly cwd?: string
  /** Lines that the tool writes, on either stream. */
  readonly onLine?: (line: string) => void
  readonly signal?: AbortSignal
}

const SAID = 12

/** What the user has to install. */
const DEBIAN_PACKAGES: Readonly<Record<string, string>> = { cmake: 'cmake', git: 'git', tar: 'tar', npm: 'npm' }

/** Runs a program of the user's machine to its end. Throws `E_PLATFORM` if it is not there, `E_ENGINE` with its last lines if it fails. */
export async function runTool(name: string, args: readonly string[], options: ToolOptions = {}): Promise<void> {
  const { cwd, onLine, signal } = options
  signal?.throwIfAborted()
  const said: string[] = []
  const keep = (line: string) => {
    said.push(line)
    if (said.length > SAID) said.shift()
    onLine?.(line)
  }
  await new Promise<void>((resolve, reject) => {
    // A group of its own: a build's compilers end with it.
    const child = spawn(name, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], detached: process.platform !== 'win32' })
    for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', keep)
    const kill = () => {
      if (child.pid === undefined) return
      try {
        if (process.platform === 'win32') child.kill()
        else process.kill(-child.pid, 'SIGTERM')
      } catch {} // it has just ended by itself
    }
    signal?.addEventListener('abort', kill, { once: true })
    process.once('exit', kill)
    child.on('error', (cause: NodeJS.ErrnoException) => {
      const hint = DEBIAN_PACKAGES[name] ? ` (Debian: apt install ${DEBIAN_PACKAGES[name]})` : ''
      const problem = cause.code === 'ENOENT' ? `it is not installed${hint}` : cause.message
      reject(new OuroborosError('E_PLATFORM', `${name} is needed: ${problem}`, { cause }))
    })
    child.on('close', (code) => {
      signal?.removeEventListener('abort', kill)
      process.off('exit', kill)
      if (signal?.aborted) reject(signal.reason)
      else if (code === 0) resolve()
      else reject(new OuroborosError('E_ENGINE', `${name} ${args[0] ?? ''} ended with code ${code}: ${said.join(' | ')}`))
    })
  })
}
