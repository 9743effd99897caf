import { parentPort, workerData } from 'node:worker_threads'
import { abortedResult } from '../api/aborted-result.ts'
import { toWire } from '../core/wire-error.ts'
import { onKernelLine, onLibraryLog } from '../llama/library.ts'
import type { FromWorker, ToWorker, WireRequest, WorkerStart } from './protocol.ts'
import { runRequest } from './request-runner.ts'
import { promptOf } from './request-text.ts'
import { Runtime } from './runtime.ts'

/** Entry of the worker thread: models, caches and the loop live here; as many requests are answered at once as there are slots. */
const port = parentPort
if (!port) throw new Error('this file is a worker thread')
const send = (message: FromWorker) => port.postMessage(message)
const start = workerData as WorkerStart

const queue: { id: number; request: WireRequest }[] = []
/** How to give up what is being answered. */
const running = new Map<number, AbortController>()
let turning = false
let disposing = false
let runtime: Runtime | undefined

onKernelLine((line) => send({ type: 'progress', phase: 'kernels', file: line, fraction: 0 }))
if (start.log) onLibraryLog((line) => send({ type: 'log', line }))
try {
  const warn = (line: string) => send({ type: 'warning', line })
  runtime = new Runtime(start, (phase, file, fraction) => send({ type: 'progress', phase, file, fraction }), warn)
  if (runtime.facts.kernels.set === null && start.options.kernels !== false) warn(stockWarning(runtime.facts.kernels.about))
  send({ type: 'ready', facts: runtime.facts })
  port.on('message', onMessage)
} catch (error) {
  send({ type: 'broken', error: toWire(error) })
  port.close()
}

function onMessage(message: ToWorker): void {
  switch (message.type) {
    case 'generate':
      queue.push(message)
      work()
      break
    case 'abort':
      abort(message.id)
      break
    case 'render':
      answer(message.id, () => {
        const { tokens, text } = promptOf(loaded(), message.request)
        return { tokens, text: text ?? loaded().target.vocabulary.detokenize(tokens, true) }
      })
      break
    case 'tokenize':
      answer(message.id, () => loaded().target.vocabulary.tokenize(message.text, { bos: false, ...message.options }))
      break
    case 'detokenize':
      answer(message.id, () => loaded().target.vocabulary.detokenize(message.tokens, true))
      break
    case 'pieces':
      answer(message.id, () => message.tokens.map((token) => [...loaded().target.vocabulary.bytes(token, true)]))
      break
    case 'forget':
      answer(message.id, () => {
        loaded().phrases.forget(message.tenant)
        return ''
      })
      break
    case 'dispose':
      disposing = true
      for (const id of [...queue.map((one) => one.id), ...running.keys()]) abort(id)
      if (running.size === 0) void dispose()
  }
}

/** A running request ends before its next pass, a queued one at once. */
function abort(id: number): void {
  running.get(id)?.abort()
  const queued = queue.find((one) => one.id === id)
  if (!queued) return
  queue.splice(queue.indexOf(queued), 1)
  send({ type: 'done', id, result: abortedResult(queued.request.method) })
}

/** Begins what there is a slot for, in the order of the queue. */
function work(): void {
  while (!disposing && loaded().slots.idle > 0) {
    const next = queue.shift()
    if (!next) break
    void answerRequest(next.id, next.request)
  }
  void turn()
}

async function answerRequest(id: number, request: WireRequest): Promise<void> {
  const controller = new AbortController()
  running.set(id, controller)
  try {
    const result = await runRequest(loaded(), request, {
      signal: controller.signal,
      onStarted: (started) => send({ type: 'started', id, started }),
      onStep: (step) => send({ type: 'step', id, step }),
    })
    send({ type: 'done', id, result })
  } catch (error) {
    send({ type: 'failed', id, error: toWire(error) })
  }
  running.delete(id)
  if (!disposing) work()
  else if (running.size === 0) await dispose()
}

/** Runs joint passes while anything is being answered; the event loop turns in between, so messages come in. */
async function turn(): Promise<void> {
  if (turning) return
  turning = true
  while (running.size > 0) {
    await nextTurn()
    runtime?.scheduler.turn()
  }
  turning = false
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

async function dispose(): Promise<void> {
  await runtime?.phrases.close()
  runtime?.close()
  runtime = undefined
  onLibraryLog(undefined)
  send({ type: 'disposed' })
  port?.close()
}

function loaded(): Runtime {
  return runtime as Runtime
}

function answer(id: number, compute: () => Extract<FromWorker, { type: 'value' }>['value']): void {
  try {
    send({ type: 'value', id, value: compute() })
  } catch (error) {
    send({ type: 'failed', id, error: toWire(error) })
  }
}

function stockWarning(why: string): string {
  return `llama.cpp's own kernels are used, with which drafts gain less and texts may differ from plain decoding's at near-ties: ${why}`
}
