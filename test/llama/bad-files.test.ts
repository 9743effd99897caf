import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { splitGguf } from '../models/split-gguf.ts'
import { tempFolder } from '../models/temp-folder.ts'
import { goldenFile } from './model-files.ts'
import { runScript } from './run-script.ts'
import { tinyEncoder, tinyLlama } from './tiny-models.ts'
import { TINY_RECURRENT } from './tiny-recurrent.ts'

/** Loads in a process of its own: an answer of the native library that is no error would end it. */
function loadingError(file: string, options = {}): { code?: string; message: string } {
  const script = `
    const { LlamaModel } = await import('./dist/llama/model.js')
    try {
      LlamaModel.load(${JSON.stringify(file)}, ${JSON.stringify({ threads: 1, contextLength: 64, ...options })}).close()
      console.log(JSON.stringify({ message: 'loaded' }))
    } catch ({ code, message }) {
      console.log(JSON.stringify({ code, message }))
    }`
  const { stdout, stderr, signal } = runScript(script)
  expect(signal, `native crash on ${file}: ${stderr}`).toBe(null)
  return JSON.parse(stdout)
}

async function file(bytes: Uint8Array): Promise<string> {
  const path = join(await tempFolder(), 'model.gguf')
  writeFileSync(path, bytes)
  return path
}

const golden = readFileSync(goldenFile('target.gguf'))

test('a missing file and a folder', async () => {
  const folder = await tempFolder()
  expect(loadingError(join(folder, 'none.gguf'))).toMatchObject({ code: 'E_FILE', message: expect.stringContaining('none.gguf') })
  expect(loadingError(folder)).toMatchObject({ code: 'E_FILE' })
})

test.each([
  ['empty', Buffer.alloc(0)],
  ['garbage', Buffer.from('not a model at all, but long enough to have a header')],
  ['cut in the header', golden.subarray(0, 700)],
  ['cut in the tensors', golden.subarray(0, golden.length - 4096)],
  ['absurd counts', Buffer.concat([golden.subarray(0, 8), Buffer.alloc(8, 0x7f), golden.subarray(16)])],
])('%s: E_GGUF', async (_, bytes) => {
  const path = await file(bytes)
  expect(loadingError(path)).toMatchObject({ code: 'E_GGUF', message: expect.stringContaining(path) })
})

test('a header that is right and a model that is not: the library says why', async () => {
  const path = await file(tinyLlama({ omit: 'blk.0.attn_q.weight' }))
  expect(loadingError(path)).toMatchObject({ code: 'E_MODEL', message: expect.stringContaining('blk.0.attn_q.weight') })
  const unknown = await file(tinyLlama({ architecture: 'nonsense' }))
  expect(loadingError(unknown)).toMatchObject({ code: 'E_MODEL', message: expect.stringContaining('nonsense') })
})

test('a tiny model made by the same writer loads', async () => {
  expect(loadingError(await file(tinyLlama()))).toEqual({ message: 'loaded' })
})

test('a split model loads from any of its parts, and not without one of them', async () => {
  const parts = splitGguf(goldenFile('target.gguf'), await tempFolder(), 3)
  for (const part of parts) expect(loadingError(part)).toEqual({ message: 'loaded' })
  rmSync(parts[1] as string)
  expect(loadingError(parts[0] as string)).toMatchObject({ code: 'E_FILE', message: expect.stringMatching(/part 2 of 3 is missing/) })
})

test.each([
  ['jamba', 'ssm.inner_size', 0],
  ['granite', 'ssm.inner_size', 2 ** 31 - 1],
  ['qwen35', 'ssm.inner_size', 8],
  ['qwen35', 'full_attention_interval', 0],
  ['mamba', 'ssm.state_size', 0],
  ['lfm2', 'shortconv.l_cache', 1],
] as const)('a hybrid model (%s) with a wrong %s: E_MODEL', async (name, key, value) => {
  const bytes = TINY_RECURRENT[name]()
  bytes.writeUInt32LE(value, bytes.indexOf(`.${key}`) + key.length + 5)
  expect(loadingError(await file(bytes))).toMatchObject({ code: 'E_MODEL' })
})

test('a kind of cache that cannot go back is refused', async () => {
  const path = await file(tinyLlama({ architecture: 'deepseek4' }))
  expect(loadingError(path)).toMatchObject({ code: 'E_MODEL', message: expect.stringContaining('compressed cache of deepseek4') })
})

test('an encoder is refused with the reason', async () => {
  expect(loadingError(await file(tinyEncoder()))).toMatchObject({ code: 'E_MODEL', message: expect.stringMatching(/encoder|decoder/) })
})

test('cache types that the library cannot combine', () => {
  const error = loadingError(goldenFile('target.gguf'), { cacheTypeK: 'q8_0', cacheTypeV: 'q8_0', flashAttention: false })
  expect(error).toMatchObject({ code: 'E_MODEL', message: expect.stringContaining('target.gguf') })
})

test('a device that is not there', () => {
  const error = loadingError(goldenFile('target.gguf'), { devices: ['TPU7'] })
  expect(error).toMatchObject({ code: 'E_USAGE', message: expect.stringMatching(/TPU7.*CPU/) })
})
