import { uniform } from '../../src/core/sampling/philox.ts'
import { text, uint32, uint64 } from '../models/gguf-writer.ts'

/** Metadata values: integers are uint32, in arrays int32; a `float32` is marked. */
type Scalar = string | number | boolean | { float32: number }
export type Value = Scalar | readonly Scalar[]
/** Tensor name → its shape, fastest dimension first; all float32. */
export type Shapes = Record<string, readonly number[]>

const ALIGNMENT = 32
const WORDS = 16
const WIDTH = 32

/** A Llama of one layer and 16 words without text; `omit` leaves a tensor out. */
export function tinyLlama({ architecture = 'llama', omit = '', width = WIDTH } = {}): Buffer {
  const shapes: Shapes = {
    'token_embd.weight': [width, WORDS],
    'output_norm.weight': [width],
    'blk.0.attn_norm.weight': [width],
    'blk.0.attn_q.weight': [width, width],
    'blk.0.attn_k.weight': [width, width],
    'blk.0.attn_v.weight': [width, width],
    'blk.0.attn_output.weight': [width, width],
    'blk.0.ffn_norm.weight': [width],
    'blk.0.ffn_gate.weight': [width, 2 * width],
    'blk.0.ffn_up.weight': [width, 2 * width],
    'blk.0.ffn_down.weight': [2 * width, width],
  }
  return write({ ...header(architecture), [`${architecture}.embedding_length`]: width }, without(shapes, omit))
}

const EXPERTS = { width: 256, heads: 4, words: 320, layers: 2, experts: 8, used: 2, inner: 128 }

/** A mixture of experts (Mixtral's or Qwen 3's layers) with random weights; as wide as the blocks of every type that it may be quantized to. */
export function tinyExperts(architecture: 'llama' | 'qwen3moe' = 'llama'): Buffer {
  const { width, heads, words, layers, experts, used, inner } = EXPERTS
  const layer = (at: number): Shapes => ({
    [`blk.${at}.attn_norm.weight`]: [width],
    [`blk.${at}.attn_q.weight`]: [width, width],
    [`blk.${at}.attn_k.weight`]: [width, width / 2],
    [`blk.${at}.attn_v.weight`]: [width, width / 2],
    ...(architecture === 'qwen3moe' && {
      [`blk.${at}.attn_q_norm.weight`]: [width / heads],
      [`blk.${at}.attn_k_norm.weight`]: [width / heads],
    }),
    [`blk.${at}.attn_output.weight`]: [width, width],
    [`blk.${at}.ffn_norm.weight`]: [width],
    [`blk.${at}.ffn_gate_inp.weight`]: [width, experts],
    [`blk.${at}.ffn_gate_exps.weight`]: [width, inner, experts],
    [`blk.${at}.ffn_up_exps.weight`]: [width, inner, experts],
    [`blk.${at}.ffn_down_exps.weight`]: [inner, width, experts],
  })
  const metadata = {
    ...header(architecture),
    [`${architecture}.context_length`]: 1024,
    [`${architecture}.embedding_length`]: width,
    [`${architecture}.block_count`]: layers,
    [`${architecture}.feed_forward_length`]: inner,
    [`${architecture}.expert_feed_forward_length`]: inner,
    [`${architecture}.attention.head_count`]: heads,
    [`${architecture}.attention.head_count_kv`]: 2,
    [`${architecture}.expert_count`]: experts,
    [`${architecture}.expert_used_count`]: used,
    [`${architecture}.vocab_size`]: words,
    ...vocabulary(words),
  }
  const shapes = { 'token_embd.weight': [width, words], 'output.weight': [width, words], 'output_norm.weight': [width] }
  return write(metadata, Object.assign(shapes, ...Array.from({ length: layers }, (_, at) => layer(at))), (i) => uniform(7, i) * 0.4 - 0.2)
}

/** The header of an embedding model; refused before its tensors are looked at. */
export function tinyEncoder(): Buffer {
  return write({ ...header('bert'), 'bert.attention.causal': false, 'bert.pooling_type': 2 }, { 'token_embd.weight': [WIDTH, WORDS] })
}

/** SentencePiece words: unknown, begin, end, all bytes, and made-up ones. */
export function vocabulary(size: number): Record<string, Value> {
  const bytes = Array.from({ length: 256 }, (_, i) => `<0x${i.toString(16).toUpperCase().padStart(2, '0')}>`)
  const words = Array.from({ length: size - 3 - bytes.length }, (_, i) => `\u2581w${i}`)
  const [NORMAL, UNKNOWN, CONTROL, BYTE] = [1, 2, 3, 6] as const
  return {
    'tokenizer.ggml.model': 'llama',
    'tokenizer.ggml.tokens': ['<unk>', '<s>', '</s>', ...bytes, ...words],
    'tokenizer.ggml.scores': Array.from({ length: size }, (_, i) => ({ float32: -i })),
    'tokenizer.ggml.token_type': [UNKNOWN, CONTROL, CONTROL, ...bytes.map(() => BYTE), ...words.map(() => NORMAL)],
  }
}

export function header(architecture: string): Record<string, Value> {
  return {
    'general.architecture': architecture,
    'general.alignment': ALIGNMENT,
    [`${architecture}.context_length`]: 128,
    [`${architecture}.embedding_length`]: WIDTH,
    [`${architecture}.block_count`]: 1,
    [`${architecture}.feed_forward_length`]: 2 * WIDTH,
    [`${architecture}.attention.head_count`]: 1,
    [`${architecture}.attention.layer_norm_rms_epsilon`]: { float32: 1e-5 },
    [`${architecture}.vocab_size`]: WORDS,
    'tokenizer.ggml.model': 'no_vocab',
  }
}

function without(shapes: Shapes, name: string): Shapes {
  return Object.fromEntries(Object.entries(shapes).filter(([one]) => one !== name))
}

/** Small numbers that differ, so that no two words are alike. */
const wave = (i: number) => Math.sin(i * 12.9898) * 0.1

/** `weight`: of the file's i-th number, which is of this tensor. */
export function write(metadata: Record<string, Value>, shapes: Shapes, weight: (i: number, tensor: string) => number = wave): Buffer {
  const tensors = Object.entries(shapes)
  const padded = (bytes: number) => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT
  const sizes = tensors.map(([, shape]) => 4 * shape.reduce((a, b) => a * b, 1))
  let offset = 0
  const starts: number[] = []
  const infos = tensors.map(([name, shape], i) => {
    const info = Buffer.concat([text(name), uint32(shape.length), ...shape.map(uint64), uint32(0), uint64(offset)])
    starts.push(offset)
    offset += padded(sizes[i] as number)
    return info
  })
  const entries = Object.entries(metadata).map(([key, value]) => Buffer.concat([text(key), typed(value)]))
  const head = Buffer.concat([Buffer.from('GGUF'), uint32(3), uint64(tensors.length), uint64(entries.length), ...entries, ...infos])
  const numbers = new Float32Array(offset / 4)
  tensors.forEach(([name], i) => {
    const begin = (starts[i] as number) / 4
    const end = ((starts[i + 1] ?? offset) as number) / 4
    for (let at = begin; at < end; at++) numbers[at] = weight(at, name)
  })
  return Buffer.concat([head, Buffer.alloc(padded(head.length) - head.length), Buffer.from(numbers.buffer)])
}

function typed(value: Value): Buffer {
  if (Array.isArray(value)) {
    const elements = (value as readonly Scalar[]).map(typed) // each begins with its type
    const type = typeof value[0] === 'number' ? uint32(5) : (elements[0] as Buffer).subarray(0, 4)
    return Buffer.concat([uint32(9), type, uint64(elements.length), ...elements.map((element) => element.subarray(4))])
  }
  if (typeof value === 'number') return Buffer.concat([uint32(4), uint32(value)])
  if (typeof value === 'boolean') return Buffer.concat([uint32(7), Buffer.from([value ? 1 : 0])])
  if (typeof value === 'string') return Buffer.concat([uint32(8), text(value)])
  const bytes = Buffer.alloc(4)
  bytes.writeFloatLE((value as { float32: number }).float32)
  return Buffer.concat([uint32(6), bytes])
}
