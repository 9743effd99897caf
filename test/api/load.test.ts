import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { type LoadOptions, load } from '../../src/index.ts'
import { nativeFiles } from '../../src/llama/platform.ts'
import { goldenFile, modelFile } from '../llama/model-files.ts'
import { LEAN_MALLOC, runScript } from '../llama/run-script.ts'
import { tempFolder } from '../models/temp-folder.ts'
import { SEA, SMALL } from './small-engine.ts'

async function refusal(options: LoadOptions): Promise<{ code: string; message: string }> {
  try {
    await (await load(options)).dispose()
  } catch (error) {
    return error as { code: string; message: string }
  }
  throw new Error('loaded')
}

test('a missing file', async () => {
  expect(await refusal({ target: '/nowhere/model.gguf' })).toMatchObject({ code: 'E_FILE', message: expect.stringContaining('/nowhere') })
  expect(await refusal({ ...SMALL, draft: '/nowhere/draft.gguf' })).toMatchObject({
    code: 'E_FILE',
    message: expect.stringContaining('draft'),
  })
})

test('a file that is no model', async () => {
  const file = join(await tempFolder(), 'garbage.gguf')
  writeFileSync(file, 'garbage'.repeat(1000))
  expect(await refusal({ target: file })).toMatchObject({ code: 'E_GGUF', message: expect.stringContaining(file) })
  expect(await refusal({ ...SMALL, draft: file })).toMatchObject({ code: 'E_GGUF', message: expect.stringContaining(file) })
})

test('a draft model of another vocabulary', async () => {
  const error = await refusal({ ...SMALL, draft: 'qwen2.5-coder-0.5b' })
  expect(error).toMatchObject({ code: 'E_PAIR', message: expect.stringMatching(/qwen.*cannot draft for.*SmolLM2.*same vocabulary/) })
})

test('options that are wrong', async () => {
  expect(await refusal({ target: '' })).toMatchObject({ code: 'E_USAGE' })
  expect(await refusal({ ...SMALL, devices: ['no such device'] })).toMatchObject({
    code: 'E_USAGE',
    message: expect.stringContaining('CPU'),
  })
})

test('another build of the native library, by its folder', async () => {
  expect(await refusal({ ...SMALL, library: '/nowhere' })).toMatchObject({
    code: 'E_LIBRARY',
    message: expect.stringContaining('/nowhere'),
  })
  await using engine = await load({ ...SMALL, draft: null, library: dirname(nativeFiles().llama) })
  expect((await engine.generate({ ...SEA, maxTokens: 2 }).result).usage.completionTokens).toBe(2)
})

test('without a draft model: speculative says what to do, ouroboros works', async () => {
  await using engine = await load({ ...SMALL, draft: null })
  expect(engine.facts.draft).toBe(null)
  await expect(engine.generate({ ...SEA, method: 'speculative' }).result).rejects.toThrow(
    expect.objectContaining({ code: 'E_USAGE', message: expect.stringMatching(/speculative needs a draft model: load with one/) }),
  )
  expect((await engine.generate({ ...SEA, maxTokens: 4, method: 'ouroboros' }).result).usage.completionTokens).toBe(4)
})

test('the context is at most the model’s own', async () => {
  const warnings: string[] = []
  const onWarning = (line: string) => warnings.push(line)
  await using engine = await load({ target: goldenFile('target.gguf'), contextLength: 2 ** 20, threads: 1, onWarning })
  expect(warnings).toContainEqual('a context of 1048576 tokens was asked for; the model was trained for 1024, so it is 1024')
  expect(engine.facts.contextLength).toBe(engine.facts.target.trainedContext)
  await expect(engine.tokenize('x')).rejects.toThrow(expect.objectContaining({ code: 'E_MODEL' }))
})

test('more memory than there is: refused before loading, with the numbers and what fits', async () => {
  const phases: string[] = []
  const onProgress = ({ phase }: { phase: string }) => phases.push(phase)
  const target = await modelFile('qwen2.5-coder-0.5b')
  const error = await refusal({
    target,
    draft: null,
    contextLength: 32_768,
    sessions: 64,
    cacheTypeK: 'f32',
    cacheTypeV: 'f32',
    onProgress,
  })
  expect(error).toMatchObject({
    code: 'E_MEMORY',
    message: expect.stringMatching(
      /^5\d\.\d GB of memory are needed and \d+.* available .*0\.5b.*file 492 MB, context of 32768 tokens in 64 sessions 5\d\.\d GB, .*-c \d+/,
    ),
  })
  expect(phases).toEqual([])
})

test('progress and log lines are heard', async () => {
  const fractions: number[] = []
  const lines: string[] = []
  const target = await modelFile('smollm2-135m')
  await using engine = await load({
    ...SMALL,
    draft: null,
    onLog: (line) => lines.push(line),
    onProgress: ({ phase, file, fraction }) => {
      if (phase !== 'load') return // a first load probes as well
      expect(file).toBe(target)
      fractions.push(fraction)
    },
  })
  expect(engine.facts.target.file).toBe(target)
  expect(fractions).toEqual([...fractions].sort((a, b) => a - b))
  expect(fractions.at(-1)).toBe(1)
  expect(lines.length).toBeGreaterThan(10)
})

test('costs are measured at the first load, and the text stays the same', async () => {
  const phases = new Set<string>()
  await using engine = await load({ ...SMALL, exact: true, calibrate: 'fresh', onProgress: ({ phase }) => phases.add(phase) })
  expect([...phases]).toEqual(['load', 'calibrate', 'probe'])
  const plain = await engine.generate({ ...SEA, method: 'vanilla' }).result
  for (const _ of [1, 2]) expect((await engine.generate(SEA).result).text).toBe(plain.text)
})

test('loading can be given up, before and on the way', async () => {
  const reason = new Error('changed my mind')
  await expect(load({ ...SMALL, signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  const controller = new AbortController()
  const loading = load({ ...SMALL, signal: controller.signal, onProgress: () => controller.abort(reason) })
  await expect(loading).rejects.toBe(reason)
})

test('load and dispose ten times: resident memory stays flat', () => {
  const script = `
    import { load } from './dist/index.js'
    const sizes = []
    for (let i = 0; i < 10; i++) {
      const engine = await load(${JSON.stringify(SMALL)})
      await engine.generate({ prompt: 'Once upon a time', maxTokens: 8 }).result
      await engine.dispose()
      sizes.push(Math.round(process.memoryUsage.rss() / 2 ** 20))
    }
    console.log(JSON.stringify(sizes))`
  const { stdout, stderr } = runScript(script, LEAN_MALLOC)
  expect(stderr).toBe('')
  const sizes = JSON.parse(stdout) as number[]
  console.log(`resident MiB after each of ten loads: ${sizes.join(' ')}`)
  expect((sizes.at(-1) as number) - (sizes[2] as number)).toBeLessThan(25)
})

test('an idle engine does not keep the process alive', () => {
  const script = `import { load } from './dist/index.js'; await load(${JSON.stringify({ ...SMALL, draft: null })}); console.log('end')`
  const { stdout, status } = runScript(script)
  expect({ stdout, status }).toEqual({ stdout: 'end\n', status: 0 })
})
