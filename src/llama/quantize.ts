import { existsSync, renameSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { OuroborosError } from '../core/errors.ts'
import { fromWire, type WireError } from '../core/wire-error.ts'
import { readGguf } from '../models/gguf.ts'
import { fileTypeOf, tensorTypeOf } from './quantize-types.ts'
import { startThread } from './thread.ts'

export interface QuantizeOptions {
  /** Type of the output layer, e.g. Q4_0; default: the library's choice for the file type. */
  readonly outputType?: string
  readonly threads?: number
  readonly onProgress?: (event: { done: number; total: number; tensor?: string }) => void
}

/** What the quantizing thread is given. */
export interface QuantizeJob {
  readonly input: string
  readonly output: string
  readonly fileType: number
  readonly outputType: number | null
  readonly threads: number
}

/** What it says: library log lines, then the end. */
export type QuantizeMessage = { type: 'log'; line: string } | { type: 'done' } | { type: 'failed'; error: WireError }

/**
 * Writes a model file in another precision (llama_model_quantize), in a thread of its own.
 * Never overwrites; a half file has a `.part` name. Throws E_USAGE, E_FILE, E_GGUF, E_ENGINE.
 */
export async function quantize(input: string, output: string, type: string, options: QuantizeOptions = {}): Promise<void> {
  const fileType = fileTypeOf(type)
  const outputType = options.outputType === undefined ? null : tensorTypeOf(options.outputType)
  if (existsSync(output)) throw new OuroborosError('E_FILE', `${output} exists already: choose another name or remove it`)
  const { path } = readGguf(input)
  const part = `${output}.part`
  const job: QuantizeJob = { input: path, output: part, fileType, outputType, threads: options.threads ?? availableParallelism() }
  try {
    await runJob(job, (line) => {
      const [, done, total, tensor] = /\[\s*(\d+)\/\s*(\d+)\]\s*(\S+)/.exec(line) ?? []
      if (done && total && tensor) options.onProgress?.({ done: Number(done), total: Number(total), tensor })
    })
    renameSync(part, output)
  } finally {
    rmSync(part, { force: true })
  }
}

function runJob(job: QuantizeJob, onLine: (line: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = startThread('llama/quantize-worker', job)
    worker.on('message', (message: QuantizeMessage) => {
      if (message.type === 'log') onLine(message.line)
      else if (message.type === 'done') resolve()
      else reject(fromWire(message.error))
    })
    worker.on('error', reject)
    worker.on('exit', (code) => reject(new OuroborosError('E_ENGINE', `the quantizing thread ended with code ${code}`)))
  })
}
