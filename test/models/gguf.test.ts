import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { OuroborosError } from '../../src/core/errors.ts'
import { readGguf } from '../../src/models/gguf.ts'
import { tempFolder } from './temp-folder.ts'

const golden = fileURLToPath(new URL('../golden/target.gguf', import.meta.url))
const bytes = readFileSync(golden)
const HEADER_END = bytes.length - 102_720 * 4

test('readGguf reads metadata and tensors', () => {
  const gguf = readGguf(golden)
  expect(gguf).toMatchObject({ version: 3, bytes: bytes.length })
  expect(gguf.metadata.get('general.architecture')).toBe('llama')
  expect(gguf.metadata.get('tokenizer.ggml.tokens')).toHaveLength(64)
  expect(gguf.tensors).toHaveLength(21)
  expect(gguf.tensors[0]).toMatchObject({
    name: 'token_embd.weight',
    shape: [64, 64],
    elements: 4096,
    bytes: 16_384,
    offset: 0,
    type: { name: 'F32' },
  })
})

const edited =
  (edit: (content: Buffer) => void) =>
  (content: Buffer): Buffer => {
    edit(content)
    return content
  }

describe('readGguf refuses', () => {
  const cases: [string, (content: Buffer) => Buffer, RegExp][] = [
    ['an empty file', () => Buffer.alloc(0), /not a GGUF file/],
    ['another kind of file', () => Buffer.from('{"model": "no GGUF at all, but long enough"}'), /not a GGUF file/],
    ['a file cut inside its header', (content) => content.subarray(0, 500), /cut off|does not fit/],
    [
      'a file cut inside its tensors',
      (content) => content.subarray(0, content.length - 1),
      /cut off: its tensors need 414240 bytes, the file has 414239/,
    ],
    ['version 1', edited((content) => content.writeUInt32LE(1, 4)), /GGUF version 1; supported are 2 and 3/],
    ['big-endian files', edited((content) => content.writeUInt32BE(3, 4)), /big-endian/],
    ['an absurd tensor count', edited((content) => content.writeBigUInt64LE(1n << 60n, 8)), /absurd tensor count/],
    ['a tensor count that does not fit', edited((content) => content.writeBigUInt64LE(1_000_000n, 8)), /does not fit/],
    ['an absurd metadata count', edited((content) => content.writeBigUInt64LE(0xffffffffffffffffn, 16)), /absurd metadata count/],
    ['an absurd string length', edited((content) => content.writeBigUInt64LE(1n << 40n, 24)), /absurd string length/],
  ]
  test.each(cases)('%s', async (_, damage, message) => {
    const path = join(await tempFolder(), 'damaged.gguf')
    writeFileSync(path, damage(Buffer.from(bytes)))
    expect(() => readGguf(path)).toThrow(expect.objectContaining({ code: 'E_GGUF', message: expect.stringMatching(message) }))
  })

  test('what is missing or no file', async () => {
    const folder = await tempFolder()
    expect(() => readGguf(join(folder, 'none.gguf'))).toThrow(
      expect.objectContaining({ code: 'E_FILE', message: expect.stringContaining('no such file') }),
    )
    expect(() => readGguf(folder)).toThrow(expect.objectContaining({ code: 'E_FILE' }))
  })
})

test('readGguf of any damaged header ends soon, with an answer or an OuroborosError', async () => {
  const path = join(await tempFolder(), 'fuzz.gguf')
  const flip = fc.record({ at: fc.nat(HEADER_END - 1), value: fc.nat(255) })
  fc.assert(
    fc.property(fc.array(flip, { maxLength: 8 }), fc.option(fc.nat(bytes.length)), (flips, length) => {
      const content = Buffer.from(bytes)
      for (const { at, value } of flips) content[at] = value
      writeFileSync(path, content.subarray(0, length ?? content.length))
      const begun = performance.now()
      try {
        readGguf(path)
      } catch (error) {
        expect(error).toBeInstanceOf(OuroborosError)
      }
      expect(performance.now() - begun).toBeLessThan(1000)
    }),
    { numRuns: 1000 },
  )
})
