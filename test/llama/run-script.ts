import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The allocator gives freed memory back at once, so that resident memory tells what is held (it has a pool per thread and keeps them else). */
export const LEAN_MALLOC = { MALLOC_ARENA_MAX: '1', MALLOC_TRIM_THRESHOLD_: '65536' }

/** Runs a module text on the built package in a process of its own, where a native crash would show. */
export function runScript(script: string, env: Record<string, string> = {}) {
  return spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    env: { ...process.env, ...env },
    encoding: 'utf8',
    timeout: 120_000,
  })
}
