import { parentPort, workerData } from 'node:worker_threads'
import { OuroborosError } from '../core/errors.ts'
import { toWire } from '../core/wire-error.ts'
import { lastLogLines, library, listening, onLibraryLog } from './library.ts'
import type { QuantizeJob, QuantizeMessage } from './quantize.ts'

/** Entry of the quantizing thread: the call blocks until the file is written. */
const { input, output, fileType, outputType, threads } = workerData as QuantizeJob
const send = (message: QuantizeMessage) => parentPort?.postMessage(message)

try {
  const { c } = library()
  onLibraryLog((line) => send({ type: 'log', line }))
  const params = c.llama_model_quantize_default_params()
  params.ftype = fileType
  params.nthread = threads
  params.allow_requantize = true
  if (outputType !== null) params.output_tensor_type = outputType
  const code = listening(() => c.llama_model_quantize(input, output, params))
  onLibraryLog(undefined)
  if (code !== 0) throw new OuroborosError('E_ENGINE', `cannot quantize ${input}: ${lastLogLines(3)}`)
  send({ type: 'done' })
} catch (error) {
  send({ type: 'failed', error: toWire(error) })
}
