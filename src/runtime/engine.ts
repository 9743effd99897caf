import type { Worker } from 'node:worker_threads'
import { abortedResult } from '../api/aborted-result.ts'
import { GenerationChannel } from '../api/generation-channel.ts'
import { checkLoadOptions, checkRequest } from '../api/request-schema.ts'
import type { Engine, EngineFacts, GenerateRequest, Generation, LoadOptions, Rendered, TokenizeOptions } from '../api/types.ts'
import { OuroborosError } from '../core/errors.ts'
import { omitUndefined } from '../core/omit-undefined.ts'
import { fromWire } from '../core/wire-error.ts'
import { startThread } from '../llama/thread.ts'
import { findEntry } from '../models/catalog.ts'
import { resolveModel } from '../models/resolve.ts'
import { historySettings } from '../store/history-settings.ts'
import { makePrivateFolder } from '../store/namespace.ts'
import { fastDraft } from './fast-draft.ts'
import type { FromWorker, ToWorker, WorkerStart } from './protocol.ts'

/**
 * Loads a target (and draft) model in a worker thread; missing catalog and hub files are pulled first.
 * Throws OuroborosError: E_USAGE, E_FILE, E_GGUF, E_MEMORY, E_MODEL, E_PAIR, E_LIBRARY, E_PLATFORM, or what `pull` throws;
 * the signal's reason when aborted.
 */
export async function load(options: LoadOptions): Promise<Engine> {
  checkLoadOptions(options)
  options.signal?.throwIfAborted()
  const draftName = options.draft === undefined ? findEntry(options.target)?.draft : options.draft
  const file = (model: string) =>
    resolveModel(model, {
      pull: true,
      ...(options.signal && { signal: options.signal }),
      onProgress: ({ file, bytes, total }) => options.onProgress?.({ phase: 'pull', file, fraction: total ? bytes / total : 0 }),
    })
  const { target, draft, draftRequantize, history: wanted, onLog, onProgress, onWarning, signal, ...settings } = options
  const history = historySettings(wanted)
  if (history && history.share === undefined) announce(history.folder, onWarning)
  const draftFile = async (model: string) =>
    draftRequantize === false
      ? file(model)
      : fastDraft(model, await file(model), {
          ...(signal && { signal }),
          ...(onWarning && { onWarning }),
          onProgress: (event) => onProgress?.({ phase: 'requantize', ...event }),
        })
  const start: WorkerStart = {
    target: await file(target),
    draft: draftName ? await draftFile(draftName) : null,
    options: { ...JSON.parse(JSON.stringify(settings)), history },
    log: onLog !== undefined,
  }
  return WorkerEngine.start(start, options)
}

/** Says once where phrases are kept. */
function announce(folder: string, onWarning: LoadOptions['onWarning']): void {
  try {
    if (makePrivateFolder(folder))
      onWarning?.(
        `phrases learned from prompts and answers are kept in ${folder}, for you only; --no-history (history: false) turns it off`,
      )
  } catch {
    // the store says why it cannot be kept
  }
}

/** Between two passes the thread reads its messages: one that does not for so long is in a native call that does not end. */
const LONGEST_SILENCE_MS = 60_000

interface Waiting {
  resolve(value: never): void
  reject(error: Error): void
}

class WorkerEngine implements Engine {
  readonly #worker: Worker
  readonly #listeners: Pick<LoadOptions, 'onLog' | 'onProgress' | 'onWarning'>
  readonly #generations = new Map<number, GenerationChannel>()
  readonly #questions = new Map<number, Waiting>()
  #facts: EngineFacts | undefined
  #nextId = 1
  #closed: Error | undefined
  #disposal: Promise<void> | undefined
  #loading: { resolve(): void; reject(error: Error): void } | undefined
  #silence: NodeJS.Timeout | undefined

  static async start(start: WorkerStart, options: LoadOptions): Promise<Engine> {
    options.signal?.throwIfAborted()
    const engine = new WorkerEngine(startThread('runtime/worker', start), options)
    // The thread cannot be stopped inside the native call without leaking the model: it reads this afterwards.
    const abort = () => {
      engine.#end(options.signal?.reason)
      engine.#send({ type: 'dispose' })
    }
    options.signal?.addEventListener('abort', abort, { once: true })
    try {
      await new Promise<void>((resolve, reject) => {
        engine.#loading = { resolve, reject }
      })
    } finally {
      options.signal?.removeEventListener('abort', abort)
    }
    engine.#loading = undefined
    engine.#idle()
    return engine
  }

  private constructor(worker: Worker, listeners: Pick<LoadOptions, 'onLog' | 'onProgress' | 'onWarning'>) {
    this.#worker = worker
    this.#listeners = listeners
    worker.on('message', (message: FromWorker) => this.#onMessage(message))
    worker.on('error', (cause) => this.#end(new OuroborosError('E_ENGINE', `the engine's thread failed: ${cause.message}`, { cause })))
    worker.on('exit', (code) => this.#end(new OuroborosError('E_ENGINE', `the engine's thread ended unexpectedly with code ${code}`)))
  }

  get facts(): EngineFacts {
    return this.#facts as EngineFacts
  }

  generate(request: GenerateRequest): Generation {
    this.#alive()
    checkRequest(request)
    const { signal, ...rest } = request
    const wire = plain(rest)
    const id = this.#nextId++
    const channel = new GenerationChannel(() => this.#giveUp(id), signal)
    if (signal?.aborted) {
      channel.finish(abortedResult(request.method))
      return channel
    }
    this.#generations.set(id, channel)
    this.#send({ type: 'generate', id, request: wire })
    return channel
  }

  async render(request: GenerateRequest): Promise<Rendered> {
    this.#alive()
    checkRequest(request)
    const { signal: _, ...rest } = request
    const wire = plain(rest)
    return this.#ask((id) => ({ type: 'render', id, request: wire }))
  }

  tokenize(text: string, options: TokenizeOptions = {}): Promise<number[]> {
    return this.#ask((id) => ({ type: 'tokenize', id, text, options }))
  }

  detokenize(tokens: readonly number[]): Promise<string> {
    return this.#ask((id) => ({ type: 'detokenize', id, tokens: [...tokens] }))
  }

  pieces(tokens: readonly number[]): Promise<number[][]> {
    return this.#ask((id) => ({ type: 'pieces', id, tokens: [...tokens] }))
  }

  async forgetPhrases(tenant?: string): Promise<void> {
    await this.#ask((id) => ({ type: 'forget', id, ...omitUndefined({ tenant }) }))
  }

  dispose(): Promise<void> {
    this.#disposal ??= new Promise((resolve) => {
      if (this.#closed) return resolve()
      this.#worker.once('exit', () => resolve())
      this.#worker.ref()
      this.#send({ type: 'dispose' })
    })
    return this.#disposal
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose()
  }

  #ask<T>(message: (id: number) => ToWorker): Promise<T> {
    this.#alive()
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      this.#questions.set(id, { resolve, reject })
      this.#send(message(id))
    })
  }

  /** The thread says what has become of it; if nothing is heard any more, everybody is told. */
  #giveUp(id: number): void {
    this.#send({ type: 'abort', id })
    const seconds = LONGEST_SILENCE_MS / 1000
    const lost = () =>
      this.#end(new OuroborosError('E_ENGINE', `the engine's thread has not answered for ${seconds} s: a native call does not end`))
    this.#silence ??= setTimeout(lost, LONGEST_SILENCE_MS).unref()
  }

  #onMessage(message: FromWorker): void {
    clearTimeout(this.#silence)
    this.#silence = undefined
    switch (message.type) {
      case 'log':
        this.#listeners.onLog?.(message.line)
        break
      case 'warning':
        this.#listeners.onWarning?.(message.line)
        break
      case 'progress':
        this.#listeners.onProgress?.({ phase: message.phase, file: message.file, fraction: message.fraction })
        break
      case 'ready':
        this.#facts = message.facts
        this.#loading?.resolve()
        break
      case 'broken':
        this.#end(fromWire(message.error))
        break
      case 'started':
        this.#generations.get(message.id)?.start(message.started)
        break
      case 'step':
        this.#generations.get(message.id)?.push(message.step)
        break
      case 'done':
        this.#generations.get(message.id)?.finish(message.result)
        this.#generations.delete(message.id)
        break
      case 'value':
        this.#questions.get(message.id)?.resolve(message.value as never)
        this.#questions.delete(message.id)
        break
      case 'failed':
        this.#generations.get(message.id)?.fail(fromWire(message.error))
        this.#questions.get(message.id)?.reject(fromWire(message.error))
        this.#generations.delete(message.id)
        this.#questions.delete(message.id)
        break
      case 'disposed':
        this.#closed = new OuroborosError('E_CLOSED', 'the engine was disposed')
    }
    this.#idle()
  }

  /** A loaded engine at rest does not keep the process alive. */
  #idle(): void {
    const waiting = this.#generations.size + this.#questions.size > 0 || this.#loading || this.#disposal
    if (!waiting) this.#worker.unref()
  }

  #send(message: ToWorker): void {
    this.#worker.ref()
    this.#worker.postMessage(message)
  }

  #alive(): void {
    if (this.#disposal) throw new OuroborosError('E_CLOSED', 'the engine was disposed')
    if (this.#closed) throw new OuroborosError('E_CLOSED', `the engine is gone: ${this.#closed.message}`, { cause: this.#closed })
  }

  /** The thread is gone: all pending calls fail with the reason. */
  #end(error: Error): void {
    this.#closed ??= error
    this.#loading?.reject(this.#closed)
    for (const waiting of this.#questions.values()) waiting.reject(this.#closed)
    for (const channel of this.#generations.values()) channel.fail(this.#closed)
    this.#questions.clear()
    this.#generations.clear()
  }
}

/** As it crosses to the thread. Throws E_USAGE for what is no JSON, or nested beyond it. */
function plain<T>(request: T): T {
  try {
    return JSON.parse(JSON.stringify(request))
  } catch (cause) {
    throw new OuroborosError('E_USAGE', `the request is not JSON, or nested too deep: ${(cause as Error).message.split('\n')[0]}`, {
      cause,
    })
  }
}
