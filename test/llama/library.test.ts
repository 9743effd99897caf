import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { LIBRARY_VERSION, STRUCTS } from '../../src/llama/declarations.ts'
import { library } from '../../src/llama/library.ts'
import { nativeFiles } from '../../src/llama/platform.ts'
import { tempFolder } from '../models/temp-folder.ts'
import { runScript } from './run-script.ts'

test('the platform package is found, has the declared version and a CPU', () => {
  const { version, devices } = library()
  expect([LIBRARY_VERSION, `${LIBRARY_VERSION}-dev`]).toContain(version)
  expect(devices.map((device) => device.name)).toContain('CPU')
  expect(library()).toBe(library())
})

test('default parameters stand where the declarations say', () => {
  const { c } = library()
  expect(c.llama_context_default_params()).toMatchObject({
    n_ctx: 512,
    n_batch: 2048,
    n_ubatch: 512,
    type_k: 1,
    type_v: 1,
    ctx_other: null,
  })
  expect(c.llama_model_default_params()).toMatchObject({ vocab_only: false, use_extra_bufts: true, devices: null })
  expect(c.llama_model_quantize_default_params()).toMatchObject({
    allow_requantize: false,
    quantize_output_tensor: true,
    prune_layers: null,
  })
})

test('a library of another version is refused before it can do harm', () => {
  const script = `
    const { STRUCTS } = await import('./dist/llama/declarations.js')
    STRUCTS.llama_context_params = 'int32_t one_more;' + STRUCTS.llama_context_params
    const { library } = await import('./dist/llama/library.js')
    library()`
  expect(STRUCTS['llama_context_params']).toContain('n_ctx')
  const { stderr, status } = runScript(script)
  expect(stderr).toMatch(/E_LIBRARY.*this package needs llama\.cpp v0\.4\.0/s)
  expect(status).toBe(1)
})

test('another build may be a libllama or its folder, and must have all three libraries', async () => {
  const found = nativeFiles(undefined)
  const folder = dirname(found.llama)
  expect(nativeFiles(folder)).toEqual(found)
  expect(nativeFiles(found.llama)).toEqual(found)
  const empty = await tempFolder()
  expect(() => nativeFiles(join(empty, 'none'))).toThrow(
    expect.objectContaining({ code: 'E_LIBRARY', message: expect.stringContaining(empty) }),
  )
  expect(() => nativeFiles(empty)).toThrow(expect.objectContaining({ code: 'E_LIBRARY' }))
  const copy = join(empty, 'copy')
  mkdirSync(copy)
  symlinkSync(found.llama, join(copy, basename(found.llama)))
  expect(() => nativeFiles(copy)).toThrow(/no libllama, libggml and libggml-base/)
  for (const file of [found.base, found.ggml]) symlinkSync(file, join(copy, basename(file)))
  expect(dirname(nativeFiles(copy).llama)).toBe(copy)
  expect(library(found.llama)).toBe(library())
  expect(() => library(copy)).toThrow(expect.objectContaining({ code: 'E_LIBRARY', message: expect.stringMatching(/one native library/) }))
})

test('a library that lacks a function is refused by the name of what it lacks', () => {
  const script = `
    const { declare } = await import('./dist/llama/functions.js')
    const { nativeFiles } = await import('./dist/llama/platform.js')
    declare(nativeFiles().base, 'void ggml_of_tomorrow(void);')`
  const { stderr, status } = runScript(script)
  expect(stderr).toMatch(/E_LIBRARY.*libggml-base\.so has no function ggml_of_tomorrow: this package needs llama\.cpp v0\.4\.0/s)
  expect(status).toBe(1)
})

test('a file that is no library is an error with a code', async () => {
  const folder = await tempFolder()
  for (const name of ['libllama.so', 'libggml.so', 'libggml-base.so']) writeFileSync(join(folder, name), 'not a library')
  const { stderr, status } = runScript(`const { library } = await import('./dist/llama/library.js'); library()`, {
    OUROBOROS_LIBRARY: folder,
  })
  expect(stderr).toMatch(/E_LIBRARY/)
  expect(status).toBe(1)
})
