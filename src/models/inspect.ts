import { type Gguf, readGguf } from './gguf.ts'
import { fileTypes } from './gguf-types.ts'

/** A model file's facts, read without loading it. `null` = the file does not say. */
export interface GgufFacts {
  /** Of a split model the first part. */
  file: string
  /** Of all parts. */
  bytes: number
  /** Files that it is made of: 1, or a split model's parts. */
  parts: number
  ggufVersion: number
  name: string | null
  architecture: string | null
  parameters: number
  /** What most of the file is, e.g. `Q4_K_M`. */
  quantization: string | null
  /** Largest share of the bytes first. */
  tensorTypes: { type: string; tensors: number; parameters: number; bytes: number }[]
  layers: number | null
  embeddingLength: number | null
  /** Trained context, in tokens. */
  contextLength: number | null
  /** 0 = not a mixture of experts. */
  experts: number
  expertsUsed: number
  vocabulary: { tokenizer: string | null; size: number; bos: number | null; eos: number | null; addsBos: boolean }
  chatTemplate: boolean
}

/** Facts of the GGUF file at `path`, of all its parts if it is split. Throws like `readGguf`. */
export function inspect(path: string): GgufFacts {
  return facts(readGguf(path))
}

export function facts(gguf: Gguf): GgufFacts {
  const architecture = text(gguf, 'general.architecture')
  const own = (key: string): number | null => number(gguf, `${architecture}.${key}`)
  const fileType = number(gguf, 'general.file_type')
  return {
    file: gguf.path,
    bytes: gguf.bytes,
    parts: gguf.parts,
    ggufVersion: gguf.version,
    name: text(gguf, 'general.name'),
    architecture,
    parameters: gguf.tensors.reduce((sum, { elements }) => sum + elements, 0),
    quantization: fileType === null ? null : (fileTypes[fileType] ?? `type ${fileType}`),
    tensorTypes: byType(gguf),
    layers: own('block_count'),
    embeddingLength: own('embedding_length'),
    contextLength: own('context_length'),
    experts: own('expert_count') ?? 0,
    expertsUsed: own('expert_used_count') ?? 0,
    vocabulary: {
      tokenizer: text(gguf, 'tokenizer.ggml.model'),
      size: tokens(gguf).length || (own('vocab_size') ?? 0),
      bos: number(gguf, 'tokenizer.ggml.bos_token_id'),
      eos: number(gguf, 'tokenizer.ggml.eos_token_id'),
      // llama.cpp's default where the file is silent: SentencePiece vocabularies begin with it.
      addsBos: (gguf.metadata.get('tokenizer.ggml.add_bos_token') ?? text(gguf, 'tokenizer.ggml.model') === 'llama') === true,
    },
    chatTemplate: text(gguf, 'tokenizer.chat_template') !== null,
  }
}

/** Token texts by id; empty if the file has none. */
export function tokens(gguf: Gguf): readonly unknown[] {
  const list = gguf.metadata.get('tokenizer.ggml.tokens')
  return Array.isArray(list) ? list : []
}

function byType(gguf: Gguf): GgufFacts['tensorTypes'] {
  const rows = new Map<string, GgufFacts['tensorTypes'][number]>()
  for (const { type, elements, bytes } of gguf.tensors) {
    const row = rows.get(type.name) ?? { type: type.name, tensors: 0, parameters: 0, bytes: 0 }
    row.tensors++
    row.parameters += elements
    row.bytes += bytes
    rows.set(type.name, row)
  }
  return [...rows.values()].sort((a, b) => b.bytes - a.bytes)
}

function text(gguf: Gguf, key: string): string | null {
  const value = gguf.metadata.get(key)
  return typeof value === 'string' ? value : null
}

function number(gguf: Gguf, key: string): number | null {
  const value = gguf.metadata.get(key)
  return typeof value === 'number' ? value : null
}
