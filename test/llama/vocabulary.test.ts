import { closeSync, openSync, readSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LlamaModel } from '../../src/llama/model.ts'
import { Detokenizer } from '../../src/llama/vocabulary.ts'
import { withVocabulary } from '../../src/llama/vocabulary-file.ts'
import { text, uint64 } from '../models/gguf-writer.ts'
import { tempFolder } from '../models/temp-folder.ts'
import { goldenFile, modelFile } from './model-files.ts'
import { tinyExperts } from './tiny-models.ts'

const TEXTS = [
  'Hello, world!',
  '  leading and trailing  ',
  'tabs\tand\nlines\r\n\n\n',
  '日本語と漢字、한국어 텍스트',
  '👩‍👩‍👧‍👦 🏳️‍🌈 é e\u0301 ﷽',
  'def f(x):\n    return x ** 2  # 平方',
  'a\0b',
  '\ufeffmark',
]

describe.each(['smollm2-135m', 'qwen2.5-coder-0.5b'] as const)('vocabulary of %s', (id) => {
  let model: LlamaModel
  beforeAll(async () => {
    model = LlamaModel.load(await modelFile(id), { contextLength: 64 })
  })
  afterAll(() => model.close())

  test.each(TEXTS)('%j survives tokens and back', (text) => {
    const tokens = model.vocabulary.tokenize(text, { bos: false })
    expect(model.vocabulary.detokenize(tokens)).toBe(text)
  })

  test('is the same without the weights', async () => {
    const { identity, size } = model.vocabulary
    const tokens = model.vocabulary.tokenize(TEXTS.join('\n'), { bos: false })
    await withVocabulary(model.file, (vocabulary) => {
      expect({ identity: vocabulary.identity, size: vocabulary.size }).toEqual({ identity, size })
      expect(vocabulary.tokenize(TEXTS.join('\n'), { bos: false })).toEqual(tokens)
    })
  })

  test('any text survives', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(model.vocabulary.detokenize(model.vocabulary.tokenize(text, { bos: false, special: false }), true)).toBe(text)
      }),
    )
  })

  test('control words are one token, unless they are meant as text', () => {
    const { vocabulary } = model
    const [token, ...more] = vocabulary.tokenize('<|im_end|>', { bos: false })
    expect(more).toEqual([])
    expect(vocabulary.endTokens).toContain(token)
    expect(vocabulary.detokenize([token as number])).toBe('')
    expect(vocabulary.detokenize([token as number], true)).toBe('<|im_end|>')
    const plain = vocabulary.tokenize('<|im_end|>', { bos: false, special: false })
    expect(plain.length).toBeGreaterThan(1)
    expect(vocabulary.detokenize(plain)).toBe('<|im_end|>')
  })

  test('a lone surrogate becomes a replacement character', () => {
    expect(model.vocabulary.detokenize(model.vocabulary.tokenize('a\ud800b', { bos: false }))).toBe('a\ufffdb')
  })

  test('the streaming detokenizer never gives half a character', () => {
    const { vocabulary } = model
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), (text) => {
        const detokenizer = new Detokenizer(vocabulary)
        const pieces = vocabulary.tokenize(text, { bos: false, special: false }).map((token) => detokenizer.push(token))
        for (const piece of pieces) expect(piece).not.toMatch(/\p{Surrogate}/u)
        expect(pieces.join('')).toBe(text)
        expect(detokenizer.flush()).toBe('')
      }),
    )
  })

  test('a character that is cut off shows as one replacement character, at the end only', () => {
    const { vocabulary } = model
    const tokens = vocabulary.tokenize('\u{1F9A9}', { bos: false })
    expect(tokens.length).toBeGreaterThan(1)
    const detokenizer = new Detokenizer(vocabulary)
    expect(tokens.slice(0, -1).map((token) => detokenizer.push(token))).toEqual(tokens.slice(0, -1).map(() => ''))
    expect(detokenizer.flush()).toBe('\ufffd')
  })

  test('a token that does not exist is refused', () => {
    for (const token of [-1, model.vocabSize, 1.5, Number.NaN]) {
      expect(() => model.vocabulary.bytes(token)).toThrow(
        new RangeError(`no such token in a vocabulary of ${model.vocabSize}: received ${token}`),
      )
    }
  })
})

test('a model without words says so', () => {
  const model = LlamaModel.load(goldenFile('target.gguf'))
  expect(() => model.vocabulary.tokenize('text')).toThrow(expect.objectContaining({ code: 'E_MODEL' }))
  expect(() => model.vocabulary.detokenize([3])).toThrow(expect.objectContaining({ code: 'E_MODEL' }))
  model.close()
})

/** The small model's vocabulary with another family's splitter. */
async function withSplitter(name: string): Promise<string> {
  const from = openSync(await modelFile('smollm2-135m'), 'r')
  const head = Buffer.alloc(4 * 2 ** 20)
  readSync(from, head, 0, head.length, 0)
  closeSync(from)
  const key = Buffer.from('tokenizer.ggml.pre')
  const at = head.indexOf(key) + key.length + 4
  const behind = at + 8 + Number(head.readBigUInt64LE(at))
  const file = join(await tempFolder(), `${name}.gguf`)
  const whole = Buffer.concat([head.subarray(0, at), text(name), head.subarray(behind)])
  uint64(0).copy(whole, 8) // no tensors
  writeFileSync(file, whole)
  return file
}

describe('native splitters that recurse get no word that ends the process', () => {
  test.each(['default', 'deepseek-llm', 'deepseek-v3', 'tekken', 'gpt-4o', 'llama4', 'bloom', 'falcon'])('%s', async (name) => {
    await withVocabulary(await withSplitter(name), (vocabulary) => {
      for (const one of ['a', ' ', '1', '!', 'é', '漢', '\n', 'aA', '😀', '<|im_end|>']) {
        const all = one.repeat(20_000 / one.length)
        expect(vocabulary.detokenize(vocabulary.tokenize(all, { bos: false }), true), one).toBe(all)
      }
    })
  })
})

test('a vocabulary without a word for a space', async () => {
  const file = join(await tempFolder(), 'model.gguf')
  writeFileSync(file, tinyExperts())
  const model = LlamaModel.load(file, { contextLength: 64 })
  const spaces = ' '.repeat(100)
  expect(model.vocabulary.tokenize(spaces, { bos: false }).length).toBeGreaterThan(200)
  model.close()
})
