import { spawn } from 'node:child_process'
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { quantize } from '../../src/llama/quantize.ts'
import { inspect } from '../../src/models/inspect.ts'
import { tempFolder } from '../models/temp-folder.ts'
import { modelFile } from './model-files.ts'

test('SmolLM2 becomes a Q8_0 file, with progress', async () => {
  const output = join(await tempFolder(), 'q8.gguf')
  const seen: string[] = []
  await quantize(await modelFile('smollm2-135m'), output, 'q8_0', {
    onProgress: ({ done, total, tensor }) => seen.push(`${done}/${total} ${tensor}`),
  })
  expect(inspect(output)).toMatchObject({ quantization: 'Q8_0', architecture: 'llama' })
  expect(statSync(output).size).toBeGreaterThan(130e6)
  expect(seen.length).toBeGreaterThan(200)
  expect(seen.at(-1)).toMatch(/^272\/272 \S+$/)
  await expect(quantize(await modelFile('smollm2-135m'), output, 'Q8_0')).rejects.toMatchObject({
    code: 'E_FILE',
    message: expect.stringContaining(output),
  })
})

test('the output layer may have a type of its own', async () => {
  const output = join(await tempFolder(), 'q4.gguf')
  await quantize(await modelFile('smollm2-135m'), output, 'Q4_0', { outputType: 'Q4_0' })
  expect(inspect(output).tensorTypes.map(({ type }) => type)).not.toContain('Q6_K')
})

test('bad input is an error with a code and leaves nothing', async () => {
  const folder = await tempFolder()
  const [output, garbage] = [join(folder, 'out.gguf'), join(folder, 'garbage.gguf')]
  writeFileSync(garbage, 'this is no model file at all')
  const small = await modelFile('smollm2-135m')
  await expect(quantize(small, output, 'Q9')).rejects.toMatchObject({ code: 'E_USAGE', message: expect.stringMatching(/Q9.*Q4_K_M/) })
  await expect(quantize(small, output, 'Q8_0', { outputType: 'x' })).rejects.toMatchObject({ code: 'E_USAGE' })
  await expect(quantize(garbage, output, 'Q8_0')).rejects.toMatchObject({ code: 'E_GGUF' })
  await expect(quantize(join(folder, 'none'), output, 'Q8_0')).rejects.toMatchObject({ code: 'E_FILE' })
  await expect(quantize(small, join(folder, 'none', 'out.gguf'), 'Q8_0')).rejects.toMatchObject({ code: expect.stringMatching(/^E_/) })
  expect(readdirSync(folder)).toEqual(['garbage.gguf'])
})

test('killed half way, there is no file under the final name, and the next try works', async () => {
  const output = join(await tempFolder(), 'killed.gguf')
  const input = await modelFile('smollm2-135m')
  const index = fileURLToPath(new URL('../../dist/index.js', import.meta.url))
  const script = `const { quantize } = await import(${JSON.stringify(index)})
    await quantize(${JSON.stringify(input)}, ${JSON.stringify(output)}, 'Q8_0', { threads: 1, onProgress: () => console.log('step') })`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  child.stdout.once('data', () => child.kill('SIGKILL'))
  const signal = await new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)))
  expect(signal).toBe('SIGKILL')
  expect(existsSync(output)).toBe(false)
  await quantize(input, output, 'Q8_0')
  expect(inspect(output).quantization).toBe('Q8_0')
})
