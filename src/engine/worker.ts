import { parentPort, workerData } from 'node:worker_threads'
import { abortedResult } from './aborted-result.ts'
import { onLibraryLog } from './library.ts'
import type { FromWorker, ToWorker, WireRequest, WorkerStart } from './protocol.ts'
import { runRequest } from './request-runner.ts'
import { Runtime } from './runtime.ts'
import { toWire } from './wire-error.ts'

/** Entry of the worker thread: models, caches and the loop live here; requests are answered one after another. */
const port = parentPort
if (!port) throw new Error('this file is a worker thread')
const send = (message: FromWorker) => port.postMessage(message)
const start = workerData as WorkerStart

const queue: { id: number; request: WireRequest }[] = []
const abortedIds = new Set<number>()
let running: number | undefined
let disposing = false
let runtime: Runtime | undefined

if (start.log) onLibraryLog((line) => send({ type: 'log', line }))
try {
  runtime = new Runtime(start, (file, fraction) => send({ type: 'progress', file, fraction }))
  send({ type: 'ready', facts: runtime.facts })
  port.on('message', hear)
} catch (error) {
  send({ type: 'broken', error: toWire(error) })
  port.close()
}

function hear(message: ToWorker): void {
  switch (message.type) {
    case 'generate':
      queue.push(message)
      void work()
      break
    case 'abort':
      abort(message.id)
      break
    case 'tokenize':
      answer(message.id, () => loaded().target.vocabulary.tokenize(message.text, { bos: false }))
      break
    case 'detokenize':
      answer(message.id, () => loaded().target.vocabulary.detokenize(message.tokens, true))
      break
    case 'forget':
      answer(message.id, () => {
        loaded().forgetPhrases()
        return ''
      })
      break
    case 'dispose':
      disposing = true
      for (const { id } of [...queue]) abort(id)
      if (running === undefined) dispose()
  }
}

/** A running request ends at its next pass, a queued one at once. */
function abort(id: number): void {
  if (id === running) abortedIds.add(id)
  const queued = queue.find((one) => one.id === id)
  if (!queued) return
  queue.splice(queue.indexOf(queued), 1)
  send({ type: 'done', id, result: abortedResult(queued.request.method) })
}

async function work(): Promise<void> {
  if (running !== undefined || disposing) return
  for (let next = queue.shift(); next; next = queue.shift()) {
    const { id, request } = next
    running = id
    try {
      const aborted = () => disposing || abortedIds.has(id)
      const result = await runRequest(loaded(), request, aborted, (step) => send({ type: 'step', id, step }))
      send({ type: 'done', id, result })
    } catch (error) {
      send({ type: 'failed', id, error: toWire(error) })
    }
    abortedIds.delete(id)
    running = undefined
  }
  if (disposing) dispose()
}

function dispose(): void {
  runtime?.close()
  runtime = undefined
  onLibraryLog(undefined)
  send({ type: 'disposed' })
  port?.close()
}

function loaded(): Runtime {
  return runtime as Runtime
}

function answer(id: number, compute: () => number[] | string): void {
  try {
    send({ type: 'value', id, value: compute() })
  } catch (error) {
    send({ type: 'failed', id, error: toWire(error) })
  }
}
