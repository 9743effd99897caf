import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type GgufTensor, readGguf } from '../../src/models/gguf.ts'
import { tensorTypes } from '../../src/models/gguf-types.ts'
import { text, uint32, uint64 } from './gguf-writer.ts'

const ALIGNMENT = 32
const aligned = (bytes: number) => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT
const padded = (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(aligned(bytes.length) - bytes.length)])

/** Splits a model file (alignment 32) as llama.cpp's gguf-split does; returns the parts' paths. */
export function splitGguf(file: string, folder: string, count: number): string[] {
  const whole = readFileSync(file)
  const { metadata, tensors } = readGguf(file)
  const infos = whole.indexOf(text(tensors[0]?.name ?? ''))
  const last = tensors.at(-1)?.name ?? ''
  const dataStart = aligned(whole.lastIndexOf(text(last)) + infoOf(tensors.at(-1) as GgufTensor, 0).length)
  const perPart = Math.ceil(tensors.length / count)
  return Array.from({ length: count }, (_, i) => {
    const own = tensors.slice(i * perPart, (i + 1) * perPart)
    const split = [key('split.no', uint16(i)), key('split.count', uint16(count)), key('split.tensors.count', int32(tensors.length))]
    const keys = i === 0 ? [whole.subarray(24, infos), ...split] : split
    let offset = 0
    const ownInfos = own.map((tensor) => {
      const info = infoOf(tensor, offset)
      offset += aligned(tensor.bytes)
      return info
    })
    const data = own.map((tensor) => padded(whole.subarray(dataStart + tensor.offset, dataStart + tensor.offset + tensor.bytes)))
    const head = [Buffer.from('GGUF'), uint32(3), uint64(own.length), uint64(i === 0 ? metadata.size + 3 : 3)]
    const path = join(folder, `tiny-${pad(i + 1)}-of-${pad(count)}.gguf`)
    writeFileSync(path, Buffer.concat([padded(Buffer.concat([...head, ...keys, ...ownInfos])), ...data]))
    return path
  })
}

function infoOf({ name, shape, type }: GgufTensor, offset: number): Buffer {
  const id = [...tensorTypes].find(([, one]) => one === type)?.[0] ?? 0
  return Buffer.concat([text(name), uint32(shape.length), ...shape.map(uint64), uint32(id), uint64(offset)])
}

function key(name: string, value: Buffer): Buffer {
  return Buffer.concat([text(name), value])
}

/** With their type numbers. */
const uint16 = (value: number) => Buffer.concat([uint32(2), Buffer.from([value & 255, value >> 8])])
const int32 = (value: number) => Buffer.concat([uint32(5), uint32(value)])
const pad = (value: number) => String(value).padStart(5, '0')
