/** GGUF metadata to write: strings, uint32 numbers, booleans, lists of strings. */
export type WritableMetadata = Readonly<Record<string, string | number | boolean | readonly string[]>>

/** A GGUF file without tensors. */
export function ggufOf(metadata: WritableMetadata): Buffer {
  const entries = Object.entries(metadata)
  const head = Buffer.concat([Buffer.from('GGUF'), uint32(3), uint64(0), uint64(entries.length)])
  return Buffer.concat([head, ...entries.flatMap(([key, value]) => [text(key), typed(value)])])
}

function typed(value: WritableMetadata[string]): Buffer {
  if (typeof value === 'number') return Buffer.concat([uint32(4), uint32(value)])
  if (typeof value === 'boolean') return Buffer.concat([uint32(7), Buffer.from([value ? 1 : 0])])
  if (typeof value === 'string') return Buffer.concat([uint32(8), text(value)])
  return Buffer.concat([uint32(9), uint32(8), uint64(value.length), ...value.map(text)])
}

export function text(value: string): Buffer {
  return Buffer.concat([uint64(Buffer.byteLength(value)), Buffer.from(value)])
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

export function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}
