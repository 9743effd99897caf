import type { CacheType } from '../api/types.ts'
import type { Gguf } from '../models/gguf.ts'
import { contextCells, contextLengthOf, MAX_BATCH, recurrentSequences } from './context-size.ts'

/** Bytes that a model takes in memory once it is loaded. */
export interface MemoryNeed {
  /** The files: repacked for the kernels or mapped, each weight is held once. */
  readonly weights: number
  /** Keys and values, of all sessions' context, and the states of recurrent layers. */
  readonly cache: number
  /** What a widest pass computes with, its logits above all. */
  readonly compute: number
}

export interface MemoryOptions {
  readonly contextLength?: number
  readonly sessions?: number
  readonly flashAttention?: boolean
  readonly cacheTypeK?: CacheType
  readonly cacheTypeV?: CacheType
}

/** Rows of logits that the library has room for from the start. */
const OUTPUT_ROWS = 256
const ELEMENT_BYTES: Readonly<Record<CacheType, number>> = { f32: 4, f16: 2, bf16: 2, q8_0: 34 / 32 }

/**
 * What loading this model would take, from its metadata; what those leave open counts as nothing. Sliding windows save nothing:
 * their cells are kept, so that a rejected draft can be rolled back.
 */
export function memoryNeed(gguf: Gguf, options: MemoryOptions = {}): MemoryNeed {
  const { sessions = 1, flashAttention = true, cacheTypeK = 'f16', cacheTypeV = 'f16' } = options
  const own = metadataOf(gguf)
  const cells = contextCells(contextLengthOf(options.contextLength, trainedContext(gguf)), sessions)
  const [width, heads] = [own('embedding_length'), own('attention.head_count')]
  const headSize = heads > 0 ? width / heads : 0
  const keyBytes = Math.max(own('attention.key_length', headSize), own('attention.key_length_swa')) * ELEMENT_BYTES[cacheTypeK]
  const valueBytes = Math.max(own('attention.value_length', headSize), own('attention.value_length_swa')) * ELEMENT_BYTES[cacheTypeV]
  const words = vocabularySize(gguf)
  // The mask: in float16 for flash attention, else in float32, and as many scores for each head.
  const layer = 4 * width + 2 * own('feed_forward_length') + cells * (flashAttention ? 1 / 2 : heads + 1)
  return {
    weights: gguf.bytes,
    cache: cells * cachedHeads(gguf) * (keyBytes + valueBytes) + recurrentSequences(sessions) * stateBytes(gguf),
    compute: 4 * (OUTPUT_ROWS * words + MAX_BATCH * Math.max(2 * width + words, layer)),
  }
}

/** Tokens that the model was trained for; without a word about it, as many as are wanted. */
export function trainedContext(gguf: Gguf): number {
  return metadataOf(gguf)('context_length', Number.POSITIVE_INFINITY)
}

/** Heads whose keys and values are cached, over all layers: those with attention of their own. */
function cachedHeads(gguf: Gguf): number {
  const heads = keyHeads(gguf)
  if (Array.isArray(heads)) return heads.reduce((sum: number, count) => sum + Number(count), 0)
  return (attendingLayers(gguf) - metadataOf(gguf)('attention.shared_kv_layers')) * Number(heads)
}

function attendingLayers(gguf: Gguf): number {
  const own = metadataOf(gguf)
  const heads = keyHeads(gguf)
  if (Array.isArray(heads)) return heads.filter((count) => Number(count) > 0).length
  if (Number(heads) === 0) return 0
  return own('full_attention_interval') > 0 ? Math.ceil(own('block_count') / own('full_attention_interval')) : own('block_count')
}

function keyHeads(gguf: Gguf): unknown {
  return gguf.metadata.get(`${architectureOf(gguf)}.attention.head_count_kv`) ?? metadataOf(gguf)('attention.head_count')
}

/** One state of all layers without attention, in float32: what the recurrence holds, and the last inputs of its convolution (llama.cpp's `n_embd_s`, `n_embd_r`). */
function stateBytes(gguf: Gguf): number {
  const own = metadataOf(gguf)
  const [inner, state, width] = [own('ssm.inner_size'), own('ssm.state_size'), own('embedding_length')]
  const convolution = Math.max(0, own('ssm.conv_kernel') - 1) * (inner + 2 * own('ssm.group_count') * state)
  const short = width * Math.max(0, own('shortconv.l_cache') - 1)
  const wkv = own('wkv.head_size') > 0 ? width * (own('wkv.head_size') + own('token_shift_count', 2)) : 0
  return 4 * (own('block_count') - attendingLayers(gguf)) * (inner * state + convolution + short + wkv)
}

function vocabularySize(gguf: Gguf): number {
  const tokens = gguf.metadata.get('tokenizer.ggml.tokens')
  return Array.isArray(tokens) ? tokens.length : metadataOf(gguf)('vocab_size')
}

/** The architecture's own numbers by their names; of a list (one number a layer) the largest. */
function metadataOf(gguf: Gguf): (key: string, otherwise?: number) => number {
  return (key, otherwise = 0) => {
    const value = gguf.metadata.get(`${architectureOf(gguf)}.${key}`)
    if (Array.isArray(value)) return value.reduce((most: number, one) => Math.max(most, Number(one)), 0)
    return typeof value === 'number' ? value : otherwise
  }
}

function architectureOf(gguf: Gguf): string {
  return String(gguf.metadata.get('general.architecture'))
}
