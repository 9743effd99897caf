import { describe, expect, it } from 'vitest'
import { lookaheadArguments, PEERS, type PeerMode, serverArguments } from '../../src/bench/peers/arguments.ts'
import { readLookahead } from '../../src/bench/peers/llama-lookahead.ts'
import { LlamaServer } from '../../src/bench/peers/llama-server.ts'
import { FAKE_SERVER, program } from './fake-llama.ts'

const SETTING = { model: 'big.gguf', draft: 'small.gguf', contextLength: 2048, threads: 3 }
const LLAMA = PEERS['llama.cpp']
const IK = PEERS['ik_llama.cpp']
const PLAIN = (port: number) => serverArguments(LLAMA, LLAMA.plain, SETTING, port)
const REQUEST = { maxTokens: 64, temperature: 0, seed: 7 }
const value = (words: readonly string[], flag: string) => words[words.indexOf(flag) + 1]

describe('llama-server’s command line', () => {
  it('has our models, context and threads, one slot, this machine only, no downloads', () => {
    const words = PLAIN(8123)
    expect(['--model', '--ctx-size', '--threads', '--parallel', '--host', '--port'].map((flag) => value(words, flag))).toEqual([
      'big.gguf',
      '2048',
      '3',
      '1',
      '127.0.0.1',
      '8123',
    ])
    expect(value(words, '--spec-type')).toBe('none')
    expect(words).toEqual(expect.arrayContaining(['--offline', '--no-ui']))
    expect(words).not.toContain('--spec-draft-model')
  })

  it('names the way of drafting; only draft-simple loads the draft model', () => {
    expect(LLAMA.ngram.map((mode) => value(serverArguments(LLAMA, mode, SETTING, 1), '--spec-type'))).toEqual([
      'ngram-mod',
      'ngram-map-k',
      'ngram-cache',
    ])
    const [words] = LLAMA.drafting.modes.map((mode) => serverArguments(LLAMA, mode, SETTING, 1)) as [string[]]
    expect([value(words, '--spec-type'), value(words, '--spec-draft-model')]).toEqual(['draft-simple', 'small.gguf'])
    expect(LLAMA.drafting.modes.map((mode) => value(serverArguments(LLAMA, mode, SETTING, 1), '--spec-draft-n-max'))).toEqual([
      '2',
      '3',
      '4',
      '6',
    ])
    expect(serverArguments(LLAMA, LLAMA.ngram[0] as PeerMode, SETTING, 1)).not.toContain('--spec-draft-model')
  })
})

describe('ik_llama.cpp’s command line', () => {
  it('has what its users set, and its own names for drafting', () => {
    const words = serverArguments(IK, IK.drafting.modes[2] as PeerMode, SETTING, 1)
    expect(words).toEqual(expect.arrayContaining(['--run-time-repack', '--log-disable']))
    expect(['--flash-attn', '--model-draft', '--draft-max', '--draft-params'].map((flag) => value(words, flag))).toEqual([
      'on',
      'small.gguf',
      '8',
      '--run-time-repack --threads 3',
    ])
    expect(serverArguments(IK, IK.plain, SETTING, 1)).not.toContain('--model-draft')
    expect(IK.ngram.map(({ flags }) => value(flags, '--spec-type'))).toEqual(['ngram-mod', 'ngram-map-k', 'ngram-cache'])
  })
})

describe('llama-lookahead', () => {
  it('is asked for two tokens less: it counts neither the first nor the last one', () => {
    const words = lookaheadArguments(SETTING, { ...REQUEST, promptFile: 'p.txt' })
    expect([value(words, '--predict'), value(words, '--file'), value(words, '--temp')]).toEqual(['62', 'p.txt', '0'])
  })

  const PROMPT = '<|im_start|>user\nSay hello.<|im_end|>\n<|im_start|>assistant\n'
  const FIGURES = [
    '0.02.130.804 I encoded   18 tokens in    0.044 seconds, speed:  411.015 t/s',
    '0.02.130.827 I decoded   15 tokens in    1.948 seconds, speed:    7.701 t/s',
    '0.02.130.905 I n_accept  = 4',
  ].join('\n')

  it('answer and figures are read from what it writes', () => {
    const result = readLookahead(`\n\n${PROMPT}Hello \u001b[0;96mthere\u001b[0m!<|im_end|>\n\n\n\n`, FIGURES, PROMPT)
    expect(result).toMatchObject({ text: 'Hello there!', promptTokens: 18, tokens: 16, decodedTokens: 15, tokensPerSecond: 7.701 })
    expect(result).toMatchObject({ decodedMs: 1948, promptMs: 44, targetPasses: 12, engineMs: null })
  })

  it('without figures it has failed', () => {
    expect(() => readLookahead('', 'error: no such model', PROMPT)).toThrow(/wrote no figures: error: no such model/)
  })
})

describe.skipIf(process.platform === 'win32')('a server of our own', () => {
  const { signal } = new AbortController()

  it('is waited for, asked, and ended', async () => {
    const file = await program(FAKE_SERVER)
    let server: LlamaServer | undefined
    {
      await using started = await LlamaServer.start(file, 'llama.cpp', PLAIN, signal)
      server = started
      expect(await started.render([{ role: 'user', content: 'hi' }])).toBe('<user>hi')
      const result = await started.complete('p', { maxTokens: 11, temperature: 0.5, seed: 9 })
      expect(result).toMatchObject({ tokens: 11, decodedTokens: 10, tokensPerSecond: 10, promptTokens: 5, targetPasses: 6 })
      expect(JSON.parse(result.text.slice(1))).toMatchObject({ n_predict: 11, temperature: 0.5, seed: 9, top_k: 0, top_p: 1, min_p: 0 })
      await expect(started.complete('fail', REQUEST)).rejects.toThrow(/llama-server answered \/completion with 500/)
    }
    await expect(server.render([{ role: 'user', content: 'hi' }])).rejects.toThrow()
  })

  it('that ends at once, or is no program, is a failure with its last words', async () => {
    const broken = await program('#!/usr/bin/env node\nconsole.error("error: unknown model"); process.exit(3)\n')
    await expect(LlamaServer.start(broken, 'llama.cpp', PLAIN, signal)).rejects.toThrow(
      /llama.cpp: llama-server ended with 3: .*unknown model/,
    )
    await expect(LlamaServer.start('/nowhere/llama-server', 'llama.cpp', PLAIN, signal)).rejects.toThrow(/ended with no process: .*ENOENT/)
  })

  it('is given up when the signal says so', async () => {
    const silent = await program('#!/usr/bin/env node\nsetInterval(() => {}, 1000)\n')
    await expect(LlamaServer.start(silent, 'llama.cpp', PLAIN, AbortSignal.timeout(300))).rejects.toMatchObject({ name: 'TimeoutError' })
  })
})
