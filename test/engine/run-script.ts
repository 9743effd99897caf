import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** Runs a module text on the built package in a process of its own, where a native crash would show. */
export function runScript(script: string, env: Record<string, string> = {}) {
  return spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    env: { ...process.env, ...env },
    encoding: 'utf8',
    timeout: 120_000,
  })
}
