import koffi from 'koffi'
import type { CacheType } from '../api/types.ts'
import { OuroborosError } from '../core/errors.ts'
import type { ForwardInput, Logits, Model } from '../core/model.ts'
import type { Token } from '../core/token.ts'
import { BatchWriter } from './batch.ts'
import type { LlamaCache } from './cache.ts'
import { contextCells, MAX_BATCH, recurrentSequences } from './context-size.ts'
import { inGate } from './exit-gate.ts'
import { FrequentTokens } from './frequent-tokens.ts'
import { type Library, lastLogLines, listening, type Pointer } from './library.ts'
import { LogitRows } from './logit-rows.ts'
import { SequenceIds } from './sequence-ids.ts'

/** llama.cpp's LLAMA_MAX_SEQ. */
const MAX_SEQUENCES = 256
const CACHE_TYPES: Readonly<Record<CacheType, number>> = { f32: 0, f16: 1, q8_0: 8, bf16: 30 }

export interface ContextOptions {
  /** Tokens per cache. */
  readonly contextLength: number
  /** Caches that share the context. */
  readonly sessions: number
  readonly threads: number
  readonly isRecurrent: boolean
  readonly flashAttention: boolean
  readonly cacheTypeK: CacheType
  readonly cacheTypeV: CacheType
  /** Stock kernels if false. */
  readonly kernels: boolean
  /** Set: only frequent tokens, these, and those that were read are computed. */
  readonly frequentTokens?: Iterable<Token>
}

/** A model's native context: cells, a batch, and the logits of its last pass. */
export class NativeContext {
  readonly ids: SequenceIds
  /** Milliseconds inside `llama_decode`, and passes, so far. */
  decodeMs = 0
  passes = 0
  readonly #c: Library['c']
  readonly #kernels: Library['kernels']
  readonly #usesKernels: boolean
  #threads: number
  readonly #frequent: FrequentTokens | undefined
  readonly #batch: BatchWriter
  readonly #vocabSize: number
  #context: Pointer
  readonly #memory: Pointer
  #rows: LogitRows | undefined
  #view = new Float32Array(0)
  #viewed: Pointer = null

  /** Throws E_MODEL if the library makes none. `file` is for messages. */
  constructor({ c, kernels }: Library, model: Pointer, file: string, vocabSize: number, options: ContextOptions) {
    this.#c = c
    this.#kernels = kernels
    this.#usesKernels = options.kernels
    this.#threads = options.threads
    this.#vocabSize = vocabSize
    if (options.frequentTokens && options.kernels && FrequentTokens.pays(vocabSize))
      this.#frequent = new FrequentTokens(kernels, vocabSize, options.frequentTokens)
    kernels.use(options.kernels)
    this.#context = openContext(c, model, file, options)
    this.#memory = c.llama_get_memory(this.#context)
    this.ids = new SequenceIds(options.sessions, sequencesFor(options))
    this.#batch = new BatchWriter(c, MAX_BATCH, MAX_SEQUENCES)
  }

  /** Refuses what the native code would crash on or silently get wrong. */
  check(passes: readonly ForwardInput[], model: Model): void {
    this.#batch.check(passes, model)
  }

  /** One `llama_decode` over the trees of these caches, which live in this context; one result per pass. */
  forward(passes: readonly ForwardInput[]): readonly Logits[] {
    this.expire()
    const firstRows: number[] = []
    this.#batch.clear()
    for (const { cache, tree, prompt = false } of passes) {
      firstRows.push(this.#batch.outputs)
      for (let node = 0; node < tree.size; node++) this.#frequent?.see(tree.token(node))
      this.#batch.write(tree, cache.length, (cache as LlamaCache).begin(tree, prompt))
    }
    this.#decode()
    const rows = new LogitRows(this.#logits(), this.#vocabSize, this.#usesKernels ? this.#kernels.rows : undefined)
    this.#rows = rows
    return passes.map((pass, i) => rows.of(pass.tree, firstRows[i] as number))
  }

  /** The last pass's logits cannot be read any more. */
  expire(): void {
    this.#rows?.expire()
  }

  /** Drops a sequence's cells from this position on; false: the library cannot. */
  remove(sequence: number, from: number): boolean {
    return !this.#context || this.#c.llama_memory_seq_rm(this.#memory, sequence, from, -1)
  }

  /** Lets `to` share the cells that `from` has at positions start..end-1; -1 = to the end. */
  copy(from: number, to: number, start: number, end: number): void {
    this.#c.llama_memory_seq_cp(this.#memory, from, to, start, end)
  }

  /** Threads of the next passes; results do not depend on them. */
  set threads(count: number) {
    if (count === this.#threads) return
    this.#threads = count
    this.#c.llama_set_n_threads(this.#context, count, count)
  }

  close(): void {
    this.expire()
    this.#batch.free()
    this.#frequent?.close()
    listening(() => this.#c.llama_free(this.#context))
    this.#context = null
  }

  #decode(): void {
    this.#kernels.use(this.#usesKernels)
    if (this.#frequent) this.#frequent.use()
    else this.#kernels.vocabulary(0, null, 0)
    const started = performance.now()
    const code = this.#c.llama_decode(this.#context, this.#batch.struct)
    this.decodeMs += performance.now() - started
    this.passes++
    if (code !== 0) throw new OuroborosError('E_ENGINE', `llama_decode failed with ${code} on ${this.#batch.size} tokens`)
  }

  /** The pass's logits in place. The library keeps its buffer over passes, and so is its view kept: a new one each time feeds the collector. */
  #logits(): Float32Array {
    const count = this.#batch.outputs * this.#vocabSize
    if (count === 0) return new Float32Array(0)
    const pointer: Pointer = this.#c.llama_get_logits(this.#context)
    if (pointer !== this.#viewed || count > this.#view.length) {
      this.#view = new Float32Array(inGate(() => koffi.view(pointer, count * 4)))
      this.#viewed = pointer
    }
    return this.#view
  }
}

function sequencesFor({ isRecurrent, sessions }: ContextOptions): number {
  return isRecurrent ? recurrentSequences(sessions) : MAX_SEQUENCES
}

function openContext(c: Library['c'], model: Pointer, file: string, options: ContextOptions): Pointer {
  const params = c.llama_context_default_params()
  params.n_ctx = contextCells(options.contextLength, options.sessions)
  params.n_batch = MAX_BATCH
  params.n_ubatch = MAX_BATCH
  params.n_outputs_max = MAX_BATCH
  params.n_outputs_max_per_seq = 0
  params.n_seq_max = sequencesFor(options)
  params.kv_unified = true
  params.flash_attn_type = options.flashAttention ? 1 : 0
  params.type_k = CACHE_TYPES[options.cacheTypeK]
  params.type_v = CACHE_TYPES[options.cacheTypeV]
  params.n_threads = options.threads
  params.n_threads_batch = options.threads
  const context = c.llama_init_from_model(model, params)
  if (!context) {
    const length = options.contextLength
    throw new OuroborosError('E_MODEL', `llama.cpp cannot make a context of ${length} tokens for ${file}: ${lastLogLines(4)}`)
  }
  return context
}
