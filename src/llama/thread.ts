import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { guardExit } from './exit-gate.ts'
import './call-lock.ts' // threads inherit it

/** Starts a thread that calls native code: the compiled file, also when this one runs from its TypeScript source in a test. */
export function startThread(name: 'runtime/worker' | 'llama/quantize-worker', workerData: unknown): Worker {
  const sibling = new URL(`../${name}.js`, import.meta.url)
  const file = existsSync(fileURLToPath(sibling)) ? sibling : new URL(`../../dist/${name}.js`, import.meta.url)
  guardExit()
  return new Worker(file, { workerData, execArgv: [] }) // flags such as --input-type are the program's own
}
