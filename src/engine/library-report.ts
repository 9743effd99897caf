import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { OuroborosError } from '../core/errors.ts'
import type { WireError } from './protocol.ts'
import { fromWire } from './wire-error.ts'

/** What a loaded library says of itself. */
export interface LibraryFacts {
  readonly kind: 'llama' | 'ik'
  readonly version: string
  readonly devices: readonly string[]
}

export type LibraryReport = LibraryFacts | { readonly error: WireError }

/** Loads an engine (name or path) in a process of its own, where it can do no harm. Throws E_LIBRARY, E_PLATFORM; the signal's reason. */
export async function inspectLibrary(engine: string, signal?: AbortSignal): Promise<LibraryFacts> {
  const program = ['./library-check.js', '../../dist/engine/library-check.js']
    .map((name) => fileURLToPath(new URL(name, import.meta.url)))
    .find(existsSync) as string
  const report = await new Promise<LibraryReport>((resolve, reject) => {
    execFile(process.execPath, [program, engine], { signal, timeout: 60_000 }, (error, stdout) => {
      if (signal?.aborted) return reject(signal.reason)
      try {
        resolve(JSON.parse(stdout))
      } catch {
        const how = error?.signal ? `by ${error.signal}` : 'without a word'
        reject(new OuroborosError('E_LIBRARY', `the library of ${engine} cannot be used: a process that loaded it ended ${how}`))
      }
    })
  })
  if ('error' in report) throw fromWire(report.error)
  return report
}
