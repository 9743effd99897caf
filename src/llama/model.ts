import { availableParallelism } from 'node:os'
import koffi from 'koffi'
import type { CacheType } from '../api/types.ts'
import { OuroborosError } from '../core/errors.ts'
import type { Cache, ForwardInput, Logits, Model } from '../core/model.ts'
import { type Gguf, readGguf } from '../models/gguf.ts'
import { AttentionCache } from './attention-cache.ts'
import { LlamaCache } from './cache.ts'
import { NativeContext } from './context.ts'
import { contextLengthOf, MAX_BATCH } from './context-size.ts'
import { type Library, lastLogLines, library, listening, type Pointer, readString } from './library.ts'
import { RecurrentCache } from './recurrent-cache.ts'
import { refuseEmbedding, refuseState, refuseUnusable } from './refuse-model.ts'
import { Vocabulary } from './vocabulary.ts'

export interface LlamaModelOptions {
  /** Another build of the native library: its libllama or the folder. Default: the platform's package. */
  readonly library?: string
  /** Tokens per cache. Default: the smaller of 4096 and what the model was trained for. */
  readonly contextLength?: number
  /** Caches that may be open at once. Default 1. */
  readonly sessions?: number
  /** Default: the machine's cores. */
  readonly threads?: number
  /** -1 = all. Default -1: what the library's devices can take (none without a GPU). */
  readonly gpuLayers?: number
  /** Device names; default: the library's choice. */
  readonly devices?: readonly string[]
  readonly flashAttention?: boolean
  readonly cacheTypeK?: CacheType
  readonly cacheTypeV?: CacheType
  /** Default true. False: stock kernels only. */
  readonly kernels?: boolean
  /** A draft model: it chooses from frequent tokens and those that it has read, where the kernels can leave rows out. Default false. */
  readonly frequentTokens?: boolean
  readonly onProgress?: (fraction: number) => void
}

/** A GGUF model on libllama: trees of many sessions in one `llama_decode`. Synchronous; lives in the worker thread. */
export class LlamaModel implements Model {
  readonly file: string
  readonly vocabulary: Vocabulary
  readonly vocabSize: number
  readonly contextLength: number
  readonly maxBatch = MAX_BATCH
  readonly isRecurrent: boolean
  readonly description: string
  readonly parameters: number
  readonly bytes: number
  readonly trainedContext: number
  readonly threads: number
  readonly chatTemplate: string | undefined
  /** Caches that may be open at once. */
  readonly sessions: number
  /** Called after every pass with its tokens, the tokens before it (in its first cache), and its seconds. */
  onPass: ((tokens: number, context: number, seconds: number) => void) | undefined
  readonly #c: Library['c']
  readonly #context: NativeContext
  readonly #caches = new Set<Cache>()
  #model: Pointer

  /** Loads a model file, by its path or its header; of a split model, any part stands for all. Throws E_FILE, E_GGUF, E_MODEL, E_LIBRARY, E_ENGINE. */
  static load(file: string | Gguf, options: LlamaModelOptions = {}): LlamaModel {
    const gguf = typeof file === 'string' ? readGguf(file) : file // a damaged file, or a part without the others, must not reach the native loader
    refuseEmbedding(gguf)
    refuseState(gguf)
    const native = library(options.library)
    return listening(() => new LlamaModel(gguf.path, options, native))
  }

  private constructor(file: string, options: LlamaModelOptions, native: Library) {
    const { c } = native
    this.sessions = options.sessions ?? 1
    // More threads than cores make every pass wait for the slowest one.
    this.threads = options.threads ?? availableParallelism()
    this.file = file
    this.#c = c
    this.#model = openModel(native, file, options)
    try {
      refuseUnusable(c, this.#model, file)
      this.isRecurrent = c.llama_model_is_recurrent(this.#model) || c.llama_model_is_hybrid(this.#model)
      this.trainedContext = c.llama_model_n_ctx_train(this.#model)
      this.contextLength = contextLengthOf(options.contextLength, this.trainedContext)
      this.vocabulary = new Vocabulary(c, c.llama_model_get_vocab(this.#model))
      this.vocabSize = this.vocabulary.size
      const { flashAttention = true, cacheTypeK = 'f16', cacheTypeV = 'f16', kernels = true } = options
      const room = { contextLength: this.contextLength, sessions: this.sessions, threads: this.threads, isRecurrent: this.isRecurrent }
      this.#context = new NativeContext(native, this.#model, file, this.vocabSize, {
        ...room,
        flashAttention,
        cacheTypeK,
        cacheTypeV,
        kernels,
        ...(options.frequentTokens && { frequentTokens: this.vocabulary.endTokens }),
      })
    } catch (error) {
      c.llama_model_free(this.#model)
      throw error
    }
    this.description = readString((buffer, size) => c.llama_model_desc(this.#model, buffer, size))
    this.parameters = Number(c.llama_model_n_params(this.#model))
    this.bytes = Number(c.llama_model_size(this.#model))
    this.chatTemplate = c.llama_model_chat_template(this.#model, null) ?? undefined
  }

  /** Milliseconds inside `llama_decode` since loading. */
  get decodeMs(): number {
    return this.#context.decodeMs
  }

  /** Threads of the next passes, at most `threads`: results do not depend on them. */
  set pace(threads: number) {
    this.#context.threads = threads
  }

  /** Passes since loading. */
  get passes(): number {
    return this.#context.passes
  }

  open(): Cache {
    this.#alive()
    const { size } = this.#caches
    const context = this.#context
    if (size >= this.sessions)
      throw new OuroborosError('E_ENGINE', `all ${size} caches of ${this.file} are open: close one or load with more sessions`)
    const Kind = this.isRecurrent ? RecurrentCache : AttentionCache
    const cache = new Kind(this, context.ids.takeBase() as number, context.ids, {
      remove: (sequence, from) => {
        if (!context.remove(sequence, from))
          throw new OuroborosError('E_ENGINE', `the cache of ${this.file} cannot drop tokens from position ${from}`)
      },
      copy: (from, to, start, end) => context.copy(from, to, start, end),
      closed: (closed) => this.#caches.delete(closed),
    })
    this.#caches.add(cache)
    return cache
  }

  forward(passes: readonly ForwardInput[]): readonly Logits[] {
    this.#alive()
    const context = this.#context
    context.expire()
    const caches = passes.map((pass) => this.#own(pass.cache))
    context.check(passes, this)
    try {
      const began = context.decodeMs
      const length = caches[0]?.length ?? 0
      const logits = context.forward(passes)
      const tokens = passes.reduce((sum, { tree }) => sum + tree.size, 0)
      this.onPass?.(tokens, length, (context.decodeMs - began) / 1000)
      return logits
    } catch (error) {
      // A recurrent cache past its checkpoint stays as it is: its next pass is refused until it was rolled back.
      for (const cache of caches) if (cache.reachable(cache.length) === cache.length) cache.rollback(cache.length)
      throw error
    }
  }

  /** Frees native memory; caches of this model are closed. Idempotent. */
  close(): void {
    if (!this.#model) return
    for (const cache of [...this.#caches]) cache.close()
    this.vocabulary.close()
    this.#context.close()
    listening(() => this.#c.llama_model_free(this.#model))
    this.#model = null
  }

  #own(cache: Cache): LlamaCache {
    if (!(cache instanceof LlamaCache) || cache.model !== this) throw new TypeError('this cache belongs to another model')
    return cache
  }

  #alive(): void {
    if (!this.#model) throw new OuroborosError('E_CLOSED', `the model ${this.file} is closed`)
  }
}

function openModel({ c, kernels }: Library, file: string, options: LlamaModelOptions): Pointer {
  const params = c.llama_model_default_params()
  params.n_gpu_layers = options.gpuLayers ?? -1
  const devices = options.devices && deviceList(c, options.devices)
  if (devices) params.devices = devices
  const report = options.onProgress
  const onFraction = (fraction: number): boolean => {
    report?.(fraction)
    return true // go on loading
  }
  const callback = report && koffi.register(onFraction, koffi.pointer('ouroboros_progress'))
  if (callback) params.progress_callback = callback
  kernels.use(options.kernels ?? true)
  kernels.loadingMapped(true)
  try {
    const model = c.llama_model_load_from_file(file, params)
    if (!model) throw new OuroborosError('E_MODEL', `llama.cpp cannot load ${file}: ${lastLogLines(4)}`)
    return model
  } finally {
    kernels.loadingMapped(false)
    if (callback) koffi.unregister(callback)
    if (devices) koffi.free(devices)
  }
}

/** A null-terminated array of devices. */
function deviceList(c: Library['c'], names: readonly string[]): Pointer {
  const found = names.map((name) => {
    const device = c.ggml_backend_dev_by_name(name)
    if (!device) {
      const names = library().devices.map((one) => one.name)
      throw new OuroborosError('E_USAGE', `no device "${name}": this machine has ${names.join(', ')}`)
    }
    return device
  })
  const list = koffi.alloc('void *', found.length + 1)
  koffi.encode(list, koffi.array('void *', found.length + 1), [...found, null])
  return list
}
