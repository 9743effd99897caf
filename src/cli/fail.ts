import { CommanderError } from 'commander'
import { OuroborosError } from '../core/errors.ts'
import { INTERRUPTED, Interrupted } from './views/interrupt.ts'

/** What to print for a failure (one line; empty = nothing) and the exit code. */
export interface Failure {
  line: string
  code: number
}

/** 2 for misuse of the command line, 130 for Ctrl-C, 1 for all else. Help and version are no failures. */
export function explain(error: unknown): Failure {
  if (error instanceof Interrupted) return { line: '', code: INTERRUPTED }
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return { line: '', code: 0 }
    return { line: oneLine(error.message.replace(/^error: /, '')), code: 2 }
  }
  if (error instanceof OuroborosError) return { line: oneLine(error.message), code: error.code === 'E_USAGE' ? 2 : 1 }
  if (error instanceof TypeError || error instanceof RangeError) return { line: oneLine(error.message), code: 1 }
  const message = error instanceof Error ? error.message : String(error)
  return { line: `unexpected failure: ${oneLine(message)} (--verbose shows where)`, code: 1 }
}

function oneLine(message: string): string {
  return message
    .trim()
    .split(/\s*\n\s*/)
    .join(' ')
}
