import { Worker } from 'node:worker_threads'
import { workerFile } from '../worker-file.ts'
import { guardExit } from './exit-gate.ts'
import './call-lock.ts' // threads inherit it

/** Starts a thread that calls native code. */
export function startThread(name: 'runtime/worker' | 'llama/quantize-worker', workerData: unknown): Worker {
  guardExit()
  return new Worker(workerFile(name), { workerData, execArgv: [] }) // flags such as --input-type are the program's own
}
