import type { GgufCursor } from './gguf-cursor.ts'

/** 64-bit integers beyond 2^53 are bigints. */
export type GgufScalar = string | number | bigint | boolean
export type GgufValue = GgufScalar | readonly GgufScalar[]

const STRING = 8
const ARRAY = 9
const MOST_ELEMENTS = 1 << 22

interface Reader {
  /** Bytes that one value takes at least. */
  readonly least: number
  read(cursor: GgufCursor): GgufScalar
}

/** By GGUF's value type number. */
const readers: Readonly<Record<number, Reader>> = {
  0: { least: 1, read: (cursor) => cursor.take(1).readUInt8() },
  1: { least: 1, read: (cursor) => cursor.take(1).readInt8() },
  2: { least: 2, read: (cursor) => cursor.take(2).readUInt16LE() },
  3: { least: 2, read: (cursor) => cursor.take(2).readInt16LE() },
  4: { least: 4, read: (cursor) => cursor.uint32() },
  5: { least: 4, read: (cursor) => cursor.take(4).readInt32LE() },
  6: { least: 4, read: (cursor) => cursor.take(4).readFloatLE() },
  7: { least: 1, read: (cursor) => cursor.take(1).readUInt8() !== 0 },
  [STRING]: { least: 8, read: (cursor) => cursor.string() },
  10: { least: 8, read: (cursor) => narrow(cursor.uint64()) },
  11: { least: 8, read: (cursor) => narrow(cursor.take(8).readBigInt64LE()) },
  12: { least: 8, read: (cursor) => cursor.take(8).readDoubleLE() },
}

/** Reads a type number and the value after it. */
export function readValue(cursor: GgufCursor, key: string): GgufValue {
  const type = cursor.uint32()
  if (type !== ARRAY) return readerOf(type, cursor, key).read(cursor)
  const element = readerOf(cursor.uint32(), cursor, key)
  const length = cursor.count(`length of ${printable(key)}`, MOST_ELEMENTS, element.least)
  const values: GgufScalar[] = []
  for (let i = 0; i < length; i++) values.push(element.read(cursor))
  return values
}

/** `text` shortened and without control characters, for messages. */
export function printable(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}...` : text)
}

function readerOf(type: number, cursor: GgufCursor, key: string): Reader {
  return readers[type] ?? cursor.fail(`unknown value type ${type} at ${printable(key)}; the header is broken`)
}

function narrow(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}
