import { copyFileSync, existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { inspect } from '../../src/models/inspect.ts'
import { fastDraft } from '../../src/runtime/fast-draft.ts'
import { tempFolder } from '../models/temp-folder.ts'
import { goldenFile } from './model-files.ts'

const ID = 'qwen2.5-coder-0.5b'

test('the cheaper precision is made once, by one of two at once, and its name holds the source', async () => {
  const folder = await tempFolder()
  const file = join(folder, 'draft.gguf')
  copyFileSync(goldenFile('draft.gguf'), file)
  const seen: number[] = []
  const options = { onProgress: ({ fraction }: { fraction: number }) => void seen.push(fraction) }
  const [one, two] = await Promise.all([fastDraft(ID, file, options), fastDraft(ID, file, options)])
  expect(one).toBe(two)
  expect(one).toBe(join(folder, 'qwen2.5-coder-0.5b-instruct-q4_0-fast-1d961463.gguf'))
  expect(seen[0]).toBe(0)
  expect(seen.filter((fraction) => fraction === 0)).toHaveLength(1)
  expect(inspect(one).quantization).toBe('Q4_0')
  expect(
    inspect(one)
      .tensorTypes.map(({ type }) => type)
      .sort(),
  ).toEqual(['F32', 'Q4_0'])
  seen.length = 0
  expect(await fastDraft(ID, file, options)).toBe(one)
  expect(seen).toEqual([])
  expect(readdirSync(folder).sort()).toEqual(['draft.gguf', 'qwen2.5-coder-0.5b-instruct-q4_0-fast-1d961463.gguf'])
})

test('other models are used as they are; where it cannot be made, one line says why', async () => {
  const folder = await tempFolder()
  const file = join(folder, 'draft.gguf')
  writeFileSync(file, 'damaged')
  const lines: string[] = []
  const options = { onWarning: (line: string) => void lines.push(line) }
  expect(await fastDraft('smollm2-135m', file, options)).toBe(file)
  expect(await fastDraft(file, file, options)).toBe(file)
  expect(lines).toEqual([])
  expect(await fastDraft(ID, file, options)).toBe(file)
  expect(lines).toEqual([expect.stringMatching(/^the draft model is used as it was pulled, which is slower: /)])
  expect(readdirSync(folder)).toEqual(['draft.gguf'])
  await expect(fastDraft(ID, file, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough')
  expect(existsSync(file)).toBe(true)
})
