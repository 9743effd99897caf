import { spawnSync } from 'node:child_process'
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs'

const REASON_CHARACTERS = 200

/**
 * Runs a program to its end, at most `timeout` ms; returns undefined, or in one line why it failed. What it says goes to the file `log`,
 * since a pipe would stay open for as long as one of the program's own children lives.
 */
export function runProgram(
  command: readonly string[],
  timeout: number,
  log: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): string | undefined {
  const [program = '', ...args] = command
  const output = openSync(log, 'w', 0o600)
  try {
    // A group of its own: after a timeout its children end with it.
    const child = { env: env as NodeJS.ProcessEnv, timeout, killSignal: 'SIGKILL', detached: true } as const
    const { status, signal, error, pid } = spawnSync(program, args, { ...child, stdio: ['ignore', output, output] })
    if (status === 0 && !error) return undefined
    if ((error as NodeJS.ErrnoException | undefined)?.code === 'ETIMEDOUT') {
      killGroup(pid)
      return `no end after ${timeout / 1000} s`
    }
    if (error) return error.message
    return lastWords(log) || (signal ? `killed by ${signal}` : `ended with code ${status}`)
  } finally {
    closeSync(output)
    rmSync(log, { force: true })
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {} // nobody is left
}

/** The first line that speaks of an error, else the last one. */
function lastWords(log: string): string {
  const lines = readFileSync(log, 'utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
  return (lines.find((line) => /\berror\b/i.test(line)) ?? lines.at(-1) ?? '').slice(0, REASON_CHARACTERS)
}
