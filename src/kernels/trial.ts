import { existsSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { InstructionSet } from './instruction-set.ts'
import { runProgram } from './run.ts'

/**
 * Opens a library in a process of its own: a damaged one would take this process along. Returns undefined, or in one line what is wrong.
 */
export function tryLibrary(file: string, set: InstructionSet, timeout: number, temporary: string): string | undefined {
  const koffi = createRequire(import.meta.url).resolve('koffi')
  const script = `
    const koffi = require(${JSON.stringify(koffi)})
    try {
      const version = koffi.load(${JSON.stringify(file)}).func('const char *ouroboros_kernels_version()')()
      if (!String(version).endsWith(' ${set}')) throw new Error('it says that it is ' + version)
    } catch (error) {
      console.error(error.message)
      process.exit(1)
    }`
  // Options for this process, such as a debugger's port, are not for that one.
  const env = { ...process.env, NODE_OPTIONS: '' }
  const problem = runProgram([process.execPath, '-e', script], timeout, join(temporary, 'trial-log'), env)
  return problem && `its library does not work (${problem})`
}

/** Whether the library with this hash has passed its trial before, as the cache folder `home` knows. */
export function triedBefore(home: string, sha256: string): boolean {
  return existsSync(markerOf(home, sha256))
}

export function rememberTrial(home: string, sha256: string): void {
  writeFileSync(markerOf(home, sha256), '')
}

function markerOf(home: string, sha256: string): string {
  return join(home, `works-${sha256.slice(0, 16)}`)
}
