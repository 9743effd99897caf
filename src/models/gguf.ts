import { existsSync } from 'node:fs'
import { OuroborosError } from '../core/errors.ts'
import { GgufCursor } from './gguf-cursor.ts'
import { type TensorType, tensorTypes } from './gguf-types.ts'
import { type GgufValue, printable, readValue } from './gguf-value.ts'
import { partsOf } from './split.ts'

export interface GgufTensor {
  readonly name: string
  readonly type: TensorType
  /** Elements per dimension, the fastest first; one to four. */
  readonly shape: readonly number[]
  readonly elements: number
  readonly bytes: number
  /** From the beginning of its file's tensor data. */
  readonly offset: number
}

/** What a GGUF file, or a split one's parts together, says about itself. */
export interface Gguf {
  /** Of a split model the first part's: what the native loader must be given. */
  readonly path: string
  /** File size; of a split model all parts'. */
  readonly bytes: number
  /** Files that it is made of: 1, or a split model's parts. */
  readonly parts: number
  readonly version: number
  readonly metadata: ReadonlyMap<string, GgufValue>
  readonly tensors: readonly GgufTensor[]
}

const MAGIC = 0x46554747
const VERSIONS = [2, 3]
const MOST_KEYS = 1 << 16
const MOST_TENSORS = 1 << 20
const MOST_DIMENSIONS = 4

/**
 * Reads the header of a GGUF file, or of all parts of the split model that it is a part of, synchronously (a vocabulary of
 * 150,000 tokens takes some 100 ms); tensor data are not read. Throws `E_FILE` if one cannot be opened or a part is missing,
 * `E_GGUF` if one is not GGUF, damaged, shorter than its tensors, or not the part that its name says.
 */
export function readGguf(path: string): Gguf {
  const names = partsOf(path)
  const parts = names.map((name, i) => readPart(name, i, names.length))
  const first = parts[0] as Gguf
  if (names.length === 1) return first
  const tensors = parts.flatMap((part) => part.tensors)
  const told = first.metadata.get('split.tensors.count')
  if (told !== tensors.length) throw new OuroborosError('E_GGUF', `${first.path}: its parts have ${tensors.length} tensors, not ${told}`)
  return { ...first, bytes: parts.reduce((sum, part) => sum + part.bytes, 0), parts: parts.length, tensors }
}

/** Part `i` (from 0) of `count`; a model that is not split is the only one. */
function readPart(path: string, i: number, count: number): Gguf {
  if (count > 1 && !existsSync(path))
    throw new OuroborosError(
      'E_FILE',
      `part ${i + 1} of ${count} is missing: no such file ${path}; all parts of a split model belong in one folder`,
    )
  const gguf = readGgufFile(path)
  const [number, total] = [gguf.metadata.get('split.no') ?? 0, gguf.metadata.get('split.count') || 1]
  if (total !== count || (count > 1 && number !== i))
    throw new OuroborosError(
      'E_GGUF',
      total === 1
        ? `${path} is not a part of a split model, though its name says so: rename it`
        : `${path} is part ${Number(number) + 1} of ${total} of a split model: parts are found by names such as model-00001-of-00003.gguf`,
    )
  return gguf
}

/** Reads one file's header, be it a part of a split model or not. Throws like `readGguf`. */
export function readGgufFile(path: string): Gguf {
  const cursor = new GgufCursor(path)
  try {
    return readHeader(cursor)
  } finally {
    cursor.close()
  }
}

function readHeader(cursor: GgufCursor): Gguf {
  if (cursor.size < 24 || cursor.uint32() !== MAGIC) cursor.fail(`not a GGUF file (${cursor.size} bytes, no GGUF mark at its beginning)`)
  const version = cursor.uint32()
  if (!VERSIONS.includes(version)) {
    const bigEndian = VERSIONS.includes(version >>> 24)
    cursor.fail(
      bigEndian
        ? 'a big-endian GGUF file; only little-endian ones are supported'
        : `GGUF version ${version}; supported are ${VERSIONS.join(' and ')}`,
    )
  }
  const tensorCount = cursor.count('tensor count', MOST_TENSORS, 24)
  const keyCount = cursor.count('metadata count', MOST_KEYS, 13)

  const metadata = new Map<string, GgufValue>()
  for (let i = 0; i < keyCount; i++) {
    const key = cursor.string()
    if (metadata.has(key)) cursor.fail(`metadata ${printable(key)} appears twice; the header is broken`)
    metadata.set(key, readValue(cursor, key))
  }
  const tensors: GgufTensor[] = []
  for (let i = 0; i < tensorCount; i++) tensors.push(readTensor(cursor))

  const gguf = { path: cursor.path, bytes: cursor.size, parts: 1, version, metadata, tensors }
  checkData(cursor, gguf)
  return gguf
}

function readTensor(cursor: GgufCursor): GgufTensor {
  const name = cursor.string()
  const dimensions = cursor.uint32()
  if (dimensions > MOST_DIMENSIONS)
    cursor.fail(`tensor ${printable(name)} has ${dimensions} dimensions (at most ${MOST_DIMENSIONS}); the header is broken`)
  const shape = Array.from({ length: dimensions }, () => Number(cursor.uint64()))
  const typeId = cursor.uint32()
  const type =
    tensorTypes.get(typeId) ?? cursor.fail(`tensor ${printable(name)} has unknown type ${typeId}; made by a newer or much older program?`)
  const elements = shape.reduce((product, length) => product * length, 1)
  const bytes = (elements / type.block) * type.size
  const offset = Number(cursor.uint64())
  if (!Number.isSafeInteger(elements) || !Number.isSafeInteger(offset) || (shape[0] ?? 1) % type.block !== 0) {
    cursor.fail(`tensor ${printable(name)} has an impossible shape [${shape}] or offset ${offset}; the header is broken`)
  }
  return { name, type, shape, elements, bytes, offset }
}

/** Every tensor must lie inside the file. */
function checkData(cursor: GgufCursor, { metadata, tensors }: Gguf): void {
  const alignment = metadata.get('general.alignment') ?? 32
  if (typeof alignment !== 'number' || !Number.isInteger(alignment) || alignment < 1)
    cursor.fail(`alignment ${printable(String(alignment))}; the header is broken`)
  const start = Math.ceil(cursor.position / alignment) * alignment
  const end = tensors.reduce((furthest, { offset, bytes }) => Math.max(furthest, start + offset + bytes), 0)
  if (end > cursor.size) cursor.fail(`cut off: its tensors need ${end} bytes, the file has ${cursor.size}; download it again`)
}
