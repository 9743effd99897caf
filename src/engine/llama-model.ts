import { availableParallelism } from 'node:os'
import koffi from 'koffi'
import { OuroborosError } from '../core/errors.ts'
import type { Cache, Logits, Model, Pass, TreeLimits } from '../core/model.ts'
import { readGguf } from '../models/gguf.ts'
import type { CacheType } from './api.ts'
import { type Library, lastLogLines, library, listening, type Pointer, readString } from './library.ts'
import { LlamaCache } from './llama-cache.ts'
import { type ContextOptions, MAX_BATCH, NativeContext } from './native-context.ts'
import { refuseEmbedding, refuseUnusable } from './refuse-model.ts'
import { Vocabulary } from './vocabulary.ts'
import { Words } from './words.ts'

export interface LlamaModelOptions {
  /** `llama` (default), `ik`, or a path of a native library. */
  readonly engine?: string
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
  /** Repack weights for the CPU's fastest kernels. Default true. */
  readonly repack?: boolean
  readonly onProgress?: (fraction: number) => void
}

const DEFAULT_CONTEXT = 4096
/** What ik_llama.cpp's kernels take; others end the process. */
const IK_FLASH_TYPES: readonly CacheType[] = ['f16', 'q8_0']
const IK_PLAIN_TYPES: readonly CacheType[] = ['f16', 'f32']

/** A GGUF model on libllama: trees of many sessions in one `llama_decode`. Synchronous; lives in the worker thread. */
export class LlamaModel implements Model {
  readonly file: string
  readonly vocabulary: Vocabulary
  readonly vocabSize: number
  readonly contextLength: number
  readonly maxBatch = MAX_BATCH
  readonly description: string
  readonly parameters: number
  readonly bytes: number
  readonly trainedContext: number
  readonly threads: number
  readonly chatTemplate: string | undefined
  /** Hears of every pass: its tokens, those before it (of its first cache), its seconds. */
  onPass: ((tokens: number, context: number, seconds: number) => void) | undefined
  readonly inOrder: boolean
  readonly oneByOne: boolean
  readonly treeLimits: TreeLimits | undefined
  readonly #native: Library
  readonly #c: Library['c']
  /** The vocabulary's owner, where the library's own is not used. */
  readonly #words: Words | undefined
  /** All that were made: one that all caches share, or one for each cache. */
  readonly #contexts: NativeContext[] = []
  readonly #contextOf = new Map<Cache, NativeContext>()
  readonly #sessions: number
  readonly #settings: ContextOptions
  #model: Pointer

  /** Loads a model file. Throws E_FILE, E_GGUF, E_MODEL, E_LIBRARY, E_ENGINE. */
  static load(file: string, options: LlamaModelOptions = {}): LlamaModel {
    refuseEmbedding(readGguf(file)) // a damaged file must not reach the native loader
    const words = library(options.engine).kind === 'ik' ? Words.load(file) : undefined
    try {
      return listening(() => new LlamaModel(file, options, words), library(options.engine))
    } catch (error) {
      words?.close() // takes a turn of its own
      throw error
    }
  }

  private constructor(file: string, options: LlamaModelOptions, words: Words | undefined) {
    const native = library(options.engine)
    const { c } = native
    this.#native = native
    this.#words = words
    this.#sessions = options.sessions ?? 1
    this.inOrder = native.kind === 'ik'
    this.oneByOne = this.inOrder // each cache has a context of its own
    // More threads than cores make every pass wait for the slowest one.
    this.threads = options.threads ?? availableParallelism()
    this.file = file
    this.#c = c
    this.#model = openModel(c, file, options)
    try {
      refuseUnusable(c, this.#model, file)
      this.trainedContext = c['llama_model_n_ctx_train']?.(this.#model)
      this.contextLength = Math.min(options.contextLength ?? DEFAULT_CONTEXT, this.trainedContext)
      this.vocabulary = words?.vocabulary ?? new Vocabulary(c, c['llama_model_get_vocab']?.(this.#model))
      this.vocabSize = this.vocabulary.size
      this.#settings = contextSettings(native, file, { ...options, contextLength: this.contextLength, threads: this.threads })
      this.treeLimits = native.kind === 'ik' && this.#settings.flashAttention ? { leaves: 1 } : undefined
      this.#contexts.push(new NativeContext(native, this.#model, file, this.vocabSize, this.#settings))
    } catch (error) {
      c['llama_model_free']?.(this.#model)
      throw error
    }
    this.description = readString((buffer, size) => c['llama_model_desc']?.(this.#model, buffer, size))
    this.parameters = Number(c['llama_model_n_params']?.(this.#model))
    this.bytes = Number(c['llama_model_size']?.(this.#model))
    this.chatTemplate = words ? words.chatTemplate : (c['llama_model_chat_template']?.(this.#model, null) ?? undefined)
  }

  /** Milliseconds inside `llama_decode` since loading. */
  get decodeMs(): number {
    return this.#contexts.reduce((sum, context) => sum + context.decodeMs, 0)
  }

  /** Passes since loading. */
  get passes(): number {
    return this.#contexts.reduce((sum, context) => sum + context.passes, 0)
  }

  open(): Cache {
    this.#alive()
    const { size } = this.#contextOf
    if (size >= this.#sessions)
      throw new OuroborosError('E_ENGINE', `all ${size} caches of ${this.file} are open: close one or load with more sessions`)
    const context = this.#freeContext()
    const cache = new LlamaCache(this, context.ids.takeBase() as number, context.ids, {
      remove: (sequence, from) => {
        if (!context.remove(sequence, from))
          throw new OuroborosError('E_ENGINE', `the cache of ${this.file} cannot drop tokens from position ${from}`)
      },
      copy: (from, to, start, end) => context.copy(from, to, start, end),
      closed: (closed) => this.#contextOf.delete(closed),
    })
    this.#contextOf.set(cache, context)
    return cache
  }

  forward(passes: readonly Pass[]): readonly Logits[] {
    this.#alive()
    for (const context of this.#contexts) context.expire()
    const caches = passes.map((pass) => this.#own(pass.cache))
    this.#contexts[0]?.check(passes, this.contextLength)
    this.#checkShapes(passes)
    const results = new Map<Pass, Logits>()
    try {
      for (const context of new Set(caches.map((cache) => this.#contextOf.get(cache) as NativeContext))) {
        const together = passes.filter((pass) => this.#contextOf.get(pass.cache) === context)
        const began = context.decodeMs
        const length = together[0]?.cache.length ?? 0
        context.forward(together).forEach((logits, i) => {
          results.set(together[i] as Pass, logits)
        })
        const tokens = together.reduce((sum, { tree }) => sum + tree.size, 0)
        this.onPass?.(tokens, length, (context.decodeMs - began) / 1000)
      }
      return passes.map((pass) => results.get(pass) as Logits)
    } catch (error) {
      for (const cache of caches) cache.rollback(cache.length)
      throw error
    }
  }

  /** Frees native memory; caches of this model are closed. Idempotent. */
  close(): void {
    if (!this.#model) return
    for (const cache of [...this.#contextOf.keys()]) cache.close()
    this.vocabulary.close()
    for (const context of this.#contexts) context.close()
    listening(() => this.#c['llama_model_free']?.(this.#model), this.#native)
    this.#words?.close()
    this.#model = null
  }

  /** ik_llama.cpp clears room for the widest pass so far before every pass: makes contexts without caches anew. */
  renewIdle(): void {
    this.#alive()
    if (!this.inOrder) return
    const taken = new Set(this.#contextOf.values())
    for (const [i, context] of this.#contexts.entries()) {
      if (taken.has(context) || context.passes === 0) continue
      context.close()
      this.#contexts[i] = this.#makeContext()
    }
  }

  /** Where the next cache goes. */
  #freeContext(): NativeContext {
    const taken = new Set(this.#contextOf.values())
    const free = this.inOrder ? this.#contexts.find((context) => !taken.has(context)) : this.#contexts[0]
    if (free) return free
    const made = this.#makeContext()
    this.#contexts.push(made)
    return made
  }

  #makeContext(): NativeContext {
    return listening(() => new NativeContext(this.#native, this.#model, this.file, this.vocabSize, this.#settings), this.#native)
  }

  #checkShapes(passes: readonly Pass[]): void {
    const most = this.treeLimits?.leaves
    const wide = passes.find(({ tree }) => most !== undefined && !tree.isChain && tree.leaves.length > most)
    if (wide)
      throw new OuroborosError(
        'E_ENGINE',
        `a tree of ${wide.tree.leaves.length} leaves is computed wrongly by this engine with flash attention, at most ${most} may be sent: load without flash attention`,
      )
  }

  #own(cache: Cache): LlamaCache {
    if (!(cache instanceof LlamaCache) || cache.model !== this) throw new TypeError('this cache belongs to another model')
    return cache
  }

  #alive(): void {
    if (!this.#model) throw new OuroborosError('E_CLOSED', `the model ${this.file} is closed`)
  }
}

function openModel(c: Library['c'], file: string, options: LlamaModelOptions): Pointer {
  const params = c['llama_model_default_params']?.()
  params.n_gpu_layers = options.gpuLayers ?? -1
  params.use_extra_bufts = options.repack ?? true
  const devices = options.devices && deviceList(c, options.devices)
  if (devices) params.devices = devices
  const report = options.onProgress
  const hear = (fraction: number): boolean => {
    report?.(fraction)
    return true // go on loading
  }
  const callback = report && koffi.register(hear, koffi.pointer('ouroboros_progress'))
  if (callback) params.progress_callback = callback
  try {
    const model = c['llama_model_load_from_file']?.(file, params)
    if (!model) throw new OuroborosError('E_MODEL', `llama.cpp cannot load ${file}: ${lastLogLines(4)}`)
    return model
  } finally {
    if (callback) koffi.unregister(callback)
    if (devices) koffi.free(devices)
  }
}

/** A null-terminated array of devices. */
function deviceList(c: Library['c'], names: readonly string[]): Pointer {
  const found = names.map((name) => {
    const device = c['ggml_backend_dev_by_name']?.(name)
    if (!device) {
      const known = library().devices.map((one) => one.name)
      throw new OuroborosError('E_USAGE', `no device "${name}": this machine has ${known.join(', ')}`)
    }
    return device
  })
  const list = koffi.alloc('void *', found.length + 1)
  koffi.encode(list, koffi.array('void *', found.length + 1), [...found, null])
  return list
}

/** What a context is made with. Throws E_USAGE for what the engine would end the process on. */
function contextSettings(
  native: Library,
  file: string,
  options: LlamaModelOptions & { contextLength: number; threads: number },
): ContextOptions {
  const ik = native.kind === 'ik'
  const { contextLength, threads, sessions = 1, cacheTypeK = 'f16', cacheTypeV = 'f16' } = options
  const quantized = cacheTypeV === 'q8_0' // needs flash attention
  const flashAttention = options.flashAttention ?? (!ik || quantized)
  const types = ik ? (flashAttention ? IK_FLASH_TYPES : IK_PLAIN_TYPES) : undefined
  const wrong = [cacheTypeK, cacheTypeV].find((type) => types && !types.includes(type))
  if (wrong)
    throw new OuroborosError(
      'E_USAGE',
      `ik_llama.cpp cannot cache keys or values as ${wrong} ${flashAttention ? 'with' : 'without'} flash attention for ${file}: choose ${types?.join(' or ')}`,
    )
  return { contextLength, threads, sessions: ik ? 1 : sessions, flashAttention, cacheTypeK, cacheTypeV }
}
