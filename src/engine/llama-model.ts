import { availableParallelism } from 'node:os'
import koffi from 'koffi'
import { OuroborosError } from '../core/errors.ts'
import type { Cache, Logits, Model, Pass } from '../core/model.ts'
import { type Gguf, readGguf } from '../models/gguf.ts'
import type { CacheType } from './api.ts'
import { type Library, lastLogLines, library, listening, type Pointer, readString } from './library.ts'
import { BatchWriter } from './llama-batch.ts'
import { LlamaCache } from './llama-cache.ts'
import { LogitRows } from './logit-rows.ts'
import { SequenceIds } from './sequence-ids.ts'
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

/** Most tree nodes per pass; wider prompts are split by the caller. */
const MAX_BATCH = 512
/** llama.cpp's LLAMA_MAX_SEQ. */
const MAX_SEQUENCES = 256
const CACHE_TYPES: Readonly<Record<CacheType, number>> = { f32: 0, f16: 1, q8_0: 8, bf16: 30 }
const DEFAULT_CONTEXT = 4096

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
  /** Milliseconds inside `llama_decode`, and passes, since loading. */
  decodeMs = 0
  passes = 0
  /** Hears of every pass: its tokens, those before it (of its first cache), its seconds. */
  onPass: ((tokens: number, context: number, seconds: number) => void) | undefined
  readonly #native: Library
  readonly #c: Library['c']
  /** The vocabulary's owner, where the library's own is not used. */
  readonly #words: Words | undefined
  readonly #sequences: SequenceIds
  readonly #batch: BatchWriter
  readonly #caches = new Set<LlamaCache>()
  #model: Pointer
  #context: Pointer
  #memory: Pointer
  #rows: LogitRows | undefined

  /** Loads a model file. Throws E_FILE, E_GGUF, E_MODEL, E_LIBRARY, E_ENGINE. */
  static load(file: string, options: LlamaModelOptions = {}): LlamaModel {
    refuseEmbedding(readGguf(file)) // a damaged file must not reach the native loader
    const words = library(options.engine).kind === 'ik' ? Words.load(file) : undefined
    return listening(() => new LlamaModel(file, options, words), library(options.engine))
  }

  private constructor(file: string, options: LlamaModelOptions, words: Words | undefined) {
    const native = library(options.engine)
    const { c } = native
    this.#native = native
    this.#words = words
    // More threads than cores make every pass wait for the slowest one.
    this.threads = options.threads ?? availableParallelism()
    this.file = file
    this.#c = c
    this.#model = openModel(c, file, options)
    try {
      refuseUnusable(c, this.#model, file)
      this.trainedContext = c['llama_model_n_ctx_train']?.(this.#model)
      this.contextLength = Math.min(options.contextLength ?? DEFAULT_CONTEXT, this.trainedContext)
      this.#context = openContext(c, this.#model, file, this.contextLength, { ...options, threads: this.threads })
    } catch (error) {
      c['llama_model_free']?.(this.#model)
      words?.close()
      throw error
    }
    this.#memory = c['llama_get_memory']?.(this.#context)
    const sessions = options.sessions ?? 1
    this.#sequences = new SequenceIds(sessions, MAX_SEQUENCES)
    this.#batch = new BatchWriter(c, MAX_BATCH, MAX_SEQUENCES)
    this.vocabulary = words?.vocabulary ?? new Vocabulary(c, c['llama_model_get_vocab']?.(this.#model))
    this.vocabSize = this.vocabulary.size
    this.description = readString((buffer, size) => c['llama_model_desc']?.(this.#model, buffer, size))
    this.parameters = Number(c['llama_model_n_params']?.(this.#model))
    this.bytes = Number(c['llama_model_size']?.(this.#model))
    this.chatTemplate = words ? words.chatTemplate : (c['llama_model_chat_template']?.(this.#model, null) ?? undefined)
  }

  open(): Cache {
    this.#alive()
    const base = this.#sequences.takeBase()
    if (base === undefined)
      throw new OuroborosError('E_ENGINE', `all ${this.#caches.size} caches of ${this.file} are open: close one or load with more sessions`)
    const cache = new LlamaCache(this, base, this.#sequences, {
      remove: (sequence, from) => this.#remove(sequence, from),
      copy: (from, to, start, end) => this.#c['llama_memory_seq_cp']?.(this.#memory, from, to, start, end),
      closed: (closed) => this.#caches.delete(closed),
    })
    this.#caches.add(cache)
    return cache
  }

  forward(passes: readonly Pass[]): readonly Logits[] {
    this.#alive()
    this.#rows?.expire()
    const caches = passes.map((pass) => this.#own(pass.cache))
    this.#batch.check(passes, this.vocabSize, this.contextLength)
    try {
      const firstRows: number[] = []
      this.#batch.clear()
      passes.forEach((pass, i) => {
        firstRows.push(this.#batch.outputs)
        this.#batch.write(pass.tree, (caches[i] as LlamaCache).length, (caches[i] as LlamaCache).begin(pass.tree))
      })
      this.#decode(caches[0]?.length ?? 0)
      const rows = new LogitRows(this.#logits(), this.vocabSize)
      this.#rows = rows
      return passes.map((pass, i) => rows.of(pass.tree, firstRows[i] as number))
    } catch (error) {
      for (const cache of caches) cache.rollback(cache.length)
      throw error
    }
  }

  /** Frees native memory; caches of this model are closed. Idempotent. */
  close(): void {
    if (!this.#context) return
    this.#rows?.expire()
    for (const cache of [...this.#caches]) cache.close()
    this.vocabulary.close()
    this.#batch.free()
    listening(() => {
      this.#c['llama_free']?.(this.#context)
      this.#c['llama_model_free']?.(this.#model)
    }, this.#native)
    this.#words?.close()
    this.#context = null
    this.#model = null
  }

  #decode(context: number): void {
    const started = performance.now()
    const code = this.#c['llama_decode']?.(this.#context, this.#batch.struct)
    const milliseconds = performance.now() - started
    this.decodeMs += milliseconds
    this.passes++
    this.onPass?.(this.#batch.size, context, milliseconds / 1000)
    if (code !== 0) throw new OuroborosError('E_ENGINE', `llama_decode failed with ${code} on ${this.#batch.size} tokens`)
  }

  #logits(): Float32Array {
    const count = this.#batch.outputs * this.vocabSize
    if (count === 0) return new Float32Array(0)
    return new Float32Array(koffi.view(this.#c['llama_get_logits']?.(this.#context), count * 4))
  }

  #remove(sequence: number, from: number): void {
    if (!this.#context) return
    if (!this.#c['llama_memory_seq_rm']?.(this.#memory, sequence, from, -1)) {
      throw new OuroborosError('E_ENGINE', `the cache of ${this.file} cannot drop tokens from position ${from}`)
    }
  }

  #own(cache: Cache): LlamaCache {
    if (!(cache instanceof LlamaCache) || cache.model !== this) throw new TypeError('this cache belongs to another model')
    return cache
  }

  #alive(): void {
    if (!this.#context) throw new OuroborosError('E_CLOSED', `the model ${this.file} is closed`)
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

function openContext(
  c: Library['c'],
  model: Pointer,
  file: string,
  contextLength: number,
  options: LlamaModelOptions & { threads: number },
): Pointer {
  const params = c['llama_context_default_params']?.()
  const flash = options.flashAttention ?? true
  // Cells for every session's context, and for the branches of one widest tree.
  params.n_ctx = Math.ceil((contextLength * (options.sessions ?? 1) + MAX_BATCH) / 256) * 256
  params.n_batch = MAX_BATCH
  params.n_ubatch = MAX_BATCH
  params.n_outputs_max = MAX_BATCH
  params.n_outputs_max_per_seq = 0
  params.n_seq_max = MAX_SEQUENCES
  params.kv_unified = true
  params.flash_attn_type = flash ? 1 : 0
  params.type_k = CACHE_TYPES[options.cacheTypeK ?? 'f16']
  params.type_v = CACHE_TYPES[options.cacheTypeV ?? 'f16']
  params.n_threads = options.threads
  params.n_threads_batch = params.n_threads
  const context = c['llama_init_from_model']?.(model, params)
  if (!context)
    throw new OuroborosError('E_MODEL', `llama.cpp cannot make a context of ${contextLength} tokens for ${file}: ${lastLogLines(4)}`)
  return context
}

/** The library loads embedding models of most architectures as if they could write. */
function refuseEmbedding({ path, metadata }: Gguf): void {
  const architecture = metadata.get('general.architecture')
  const pooling = metadata.get(`${architecture}.pooling_type`) ?? 0
  if (metadata.get(`${architecture}.attention.causal`) === false || (typeof pooling === 'number' && pooling > 0)) {
    throw new OuroborosError(
      'E_MODEL',
      `${path} cannot be used: it is an embedding model (${architecture}, an encoder); a decoder-only text model is needed`,
    )
  }
}

function refuseUnusable(c: Library['c'], model: Pointer, file: string): void {
  const is = (name: string) => c[`llama_model_${name}`]?.(model) as boolean
  const refuse = (reason: string) => {
    throw new OuroborosError('E_MODEL', `${file} cannot be used: ${reason}`)
  }
  if (is('is_recurrent') || is('is_hybrid')) refuse('a recurrent or hybrid model cannot drop rejected tokens from its state')
  if (is('has_encoder') || !is('has_decoder')) refuse('it has an encoder; a decoder-only text model is needed')
  if (is('is_diffusion')) refuse('it is a diffusion model; an autoregressive text model is needed')
}
