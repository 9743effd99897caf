import type { Readable, Writable } from 'node:stream'

export type Output = Writable & { isTTY?: boolean; columns?: number }

/** Where a command reads and writes: the process, or streams in a test. */
export interface Terminal {
  readonly stdin: Readable & { isTTY?: boolean }
  readonly stdout: Output
  readonly stderr: Output
  readonly env: Readonly<Record<string, string | undefined>>
  /** Calls back on every Ctrl-C that the terminal sends as a signal; returns how to stop listening. */
  onInterrupt(listener: () => void): () => void
  /** The same for the request to end that service managers send. */
  onTerminate(listener: () => void): () => void
  /** Ends the program at once. */
  exit(code: number): void
}

/** The process's own streams and signals. */
export function processTerminal(): Terminal {
  return {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    onInterrupt(listener) {
      process.on('SIGINT', listener)
      return () => void process.off('SIGINT', listener)
    },
    onTerminate(listener) {
      process.on('SIGTERM', listener)
      return () => void process.off('SIGTERM', listener)
    },
    exit: (code) => process.exit(code),
  }
}
