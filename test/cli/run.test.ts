import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { FakeWorld, TEXT } from './fake-world.ts'

describe('run', () => {
  test('streams the text and nothing else to standard output', async () => {
    const world = new FakeWorld()
    expect(await world.run(['run', 'hi'])).toBe(0)
    expect(world.out).toBe(`${TEXT}\n`)
    expect(world.err).toBe('loading big.gguf\n')
    expect(world.engine.disposed).toBe(true)
    expect(world.listening).toBe(false)
  })

  test('with -m, a known name is a prompt', async () => {
    const world = new FakeWorld()
    expect(await world.run(['run', 'qwen3-8b', '-m', 'big.gguf'])).toBe(0)
    expect(world.loaded).toMatchObject({ target: 'big.gguf' })
    expect(world.engine.requests[0]?.messages).toEqual([{ role: 'user', content: 'qwen3-8b' }])
  })

  test('flags reach the library under its names', async () => {
    const world = new FakeWorld()
    const line =
      'run hi -m t.gguf -md d.gguf -c 2048 -t 3 -ngl all -ngld 2 -dev CUDA0,CPU -fa off -ctk q8_0 -ctv bf16 --no-kernels --spec-type lookahead --spec-draft-n-max 6 ' +
      '--spec-draft-p-min .5 --window 7 --ngram 4 --guesses 5 --suffixes 3 --preset default -n 9 --temp 0.8 --top-k 40 --top-p .9 --min-p 0.1 ' +
      '--repeat-penalty 1.1 --presence-penalty 0.2 --frequency-penalty -0.3 --repeat-last-n -1 --logit-bias 5+1.5 --logit-bias 7-2 -s 42 --stop A --stop B'
    expect(await world.run(line.split(' '))).toBe(0)
    expect(world.loaded).toMatchObject({
      target: 't.gguf',
      draft: 'd.gguf',
      contextLength: 2048,
      threads: 3,
      gpuLayers: -1,
      draftGpuLayers: 2,
      devices: ['CUDA0', 'CPU'],
      flashAttention: false,
      cacheTypeK: 'q8_0',
      cacheTypeV: 'bf16',
      kernels: false,
    })
    expect(world.engine.requests).toEqual([
      {
        messages: [{ role: 'user', content: 'hi' }],
        method: 'lookahead',
        options: { draftLength: 6, minProbability: 0.5, window: 7, ngram: 4, guesses: 5, suffixes: 3, preset: 'default' },
        maxTokens: 9,
        temperature: 0.8,
        topK: 40,
        topP: 0.9,
        minP: 0.1,
        repeatPenalty: 1.1,
        presencePenalty: 0.2,
        frequencyPenalty: -0.3,
        penaltyLastN: -1,
        logitBias: { 5: 1.5, 7: -2 },
        seed: 42,
        stop: ['A', 'B'],
        signal: expect.any(AbortSignal),
      },
    ])
  })

  test('without flags the default pair is loaded and nothing is overridden', async () => {
    const world = new FakeWorld()
    await world.run(['run', 'hi'])
    expect(Object.keys(world.loaded ?? {}).sort()).toEqual(['history', 'onProgress', 'onWarning', 'signal', 'target'])
    expect(world.loaded?.history).toEqual({}) // the library's default
    expect(world.loaded?.target).toBe('qwen2.5-coder-1.5b')
    expect(world.engine.requests).toMatchObject([{ method: 'ouroboros' }])
  })

  test('--no-draft loads no draft model', async () => {
    const world = new FakeWorld()
    await world.run(['run', 'hi', '--no-draft'])
    expect(world.loaded).toMatchObject({ draft: null })
  })

  test('the prompt is the argument, then files, then what is piped', async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'ouroboros-cli-')), 'a.py')
    await writeFile(file, 'x = 1\n')
    const world = new FakeWorld()
    await world.run(['run', 'Explain', '--file', file, '--system', 'Be brief'], 'and this\n')
    expect(world.engine.requests[0]?.messages).toEqual([
      { role: 'system', content: 'Be brief' },
      { role: 'user', content: 'Explain\n\na.py:\n```\nx = 1\n```\n\nand this' },
    ])
  })

  test('--raw leaves the text as it is', async () => {
    const world = new FakeWorld()
    await world.run(['run', '--raw'], '  def f():\n')
    expect(world.engine.requests[0]).toMatchObject({ prompt: '  def f():\n' })
    expect(world.engine.requests[0]?.messages).toBeUndefined()
  })

  test('--stats is a block on standard error', async () => {
    const world = new FakeWorld()
    await world.run(['run', 'hi', '--stats'])
    expect(world.out).toBe(`${TEXT}\n`)
    expect(world.err).toContain('answer   4 tokens in 0.00 s, 10.0 tok/s')
    expect(world.err).toContain('accepted 2 of 4 draft tokens (50%), 2.00 tokens per step')
    expect(world.err).toContain('origin   target 2 (50%)  draft 1 (25%)  phrase 1 (25%)')
    expect(world.err).toContain('lengths  1×1  3×1')
  })

  test('--list-devices loads nothing', async () => {
    const world = new FakeWorld()
    expect(await world.run(['run', '--list-devices'])).toBe(0)
    expect(world.out).toBe('CPU\nCUDA0\n')
    expect(world.loaded).toBeUndefined()
  })

  test('help shows the paper symbols and version is a version', async () => {
    const world = new FakeWorld()
    expect(await world.run(['run', '--help'])).toBe(0)
    for (const symbol of ['[W]', '[N]', '[G]', '[K]', '[gamma]', '[-md]']) expect(world.out).toContain(symbol)
    const other = new FakeWorld()
    expect(await other.run(['--version'])).toBe(0)
    expect(other.out).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})

describe('--color', () => {
  test('paints tokens by origin and prints a legend', async () => {
    const world = new FakeWorld()
    await world.run(['run', 'hi', '--color=always'])
    expect(world.out).toBe('Hello\u001b[32m big\u001b[39m\u001b[36m wide\u001b[39m world\n')
    expect(world.err).toContain('■ target model  \u001b[32m■ draft model\u001b[39m  \u001b[36m■ phrase\u001b[39m')
  })

  test('bare --color colors on a terminal, unless NO_COLOR is set', async () => {
    const run = async (tty: boolean, env: Record<string, string>): Promise<boolean> => {
      const world = new FakeWorld()
      world.stdout.isTTY = tty
      Object.assign(world.env, env)
      await world.run(['run', '--color', 'hi'])
      expect(world.engine.requests[0]?.messages?.[0]?.content).toBe('hi')
      return world.out.includes('\u001b')
    }
    expect(await run(true, {})).toBe(true)
    expect(await run(true, { NO_COLOR: '1' })).toBe(false)
    expect(await run(true, { TERM: 'dumb' })).toBe(false)
    expect(await run(false, {})).toBe(false)
  })
})
