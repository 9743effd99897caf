import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type NodeId, ROOT, type Token, TokenTree } from '../../src/core/index.ts'
import { uniform } from '../../src/core/random.ts'
import { loadExact } from '../../src/engine/exact-load.ts'
import { exactLimits, probeExactness } from '../../src/engine/exactness.ts'
import { LlamaModel } from '../../src/engine/llama-model.ts'
import { load } from '../../src/index.ts'
import { modelFile } from './model-files.ts'

/** The first `length` tokens in prompt chunks. */
function* chunks(text: readonly Token[], length: number): Generator<Token[]> {
  for (let at = 0; at < length; at += 128) yield text.slice(at, Math.min(length, at + 128))
}

function bytes(row: Float32Array | undefined): Buffer {
  return row ? Buffer.from(row.buffer, row.byteOffset, row.byteLength) : Buffer.alloc(0)
}

const home = mkdtempSync(join(tmpdir(), 'ouroboros-exact-'))

describe('exact mode', () => {
  let file: string
  const before = process.env['OUROBOROS_HOME']
  beforeAll(async () => {
    file = await modelFile('qwen2.5-coder-0.5b')
    process.env['OUROBOROS_HOME'] = home
  })
  afterAll(() => {
    if (before === undefined) delete process.env['OUROBOROS_HOME']
    else process.env['OUROBOROS_HOME'] = before
    rmSync(home, { recursive: true, force: true })
  })

  it('the probe tells layouts whose bits depend on the width from those whose bits do not', () => {
    for (const [repack, cacheTypeV, exact] of [
      [false, 'bf16', true],
      [false, 'f16', false], // attention splits the keys of one-token passes from 512 cells on
    ] as const) {
      const model = LlamaModel.load(file, { contextLength: 640, repack, cacheTypeV })
      expect(probeExactness(model).different.length === 0, `${repack} ${cacheTypeV}`).toBe(exact)
      model.close()
    }
  })

  it('limits are the widths below the first that differs', () => {
    expect(exactLimits({ equal: [2, 3, 4, 8, 16, 32, 256], different: [] })).toEqual({ width: 256, anyPrompt: true })
    expect(exactLimits({ equal: [2, 3, 8], different: [4, 16, 32, 256] })).toEqual({ width: 3, anyPrompt: false })
    expect(exactLimits({ equal: [3], different: [2] })).toBeUndefined()
  })

  it('loads a way that is exact, and remembers it', () => {
    const first = loadExact(file, { contextLength: 640 })
    first.model.close()
    expect(first.options.cacheTypeV).toBe('bf16')
    const started = performance.now()
    const again = loadExact(file, { contextLength: 640 })
    again.model.close()
    expect(again.options).toEqual(first.options)
    expect(again.limits).toEqual(first.limits)
    expect(performance.now() - started).toBeLessThan(60_000)
  })

  it('refuses where nothing is equal, saying what was tried', async () => {
    await expect(load({ target: file, exact: true, flashAttention: false, cacheTypeV: 'f16' })).rejects.toMatchObject({
      code: 'E_EXACT',
      message: expect.stringContaining('flash attention on'),
    })
  })

  it('sessions that share passes and interleave their cells compute the bits of a session alone', () => {
    const model = LlamaModel.load(file, { contextLength: 640, sessions: 3, repack: false, cacheTypeV: 'bf16' })
    const texts = [0, 1, 2].map((session) => Array.from({ length: 340 }, (_, i) => Math.floor(uniform(session, i) * model.vocabSize)))
    /** The logits after each of the last 24 tokens, one token per pass, with nobody else. */
    const alone = texts.map((text) => {
      const cache = model.open()
      const rows = [...chunks(text, text.length - 24), ...text.slice(-24).map((token) => [token])].map((tokens) => {
        const tree = TokenTree.chain(tokens)
        const [logits] = model.forward([{ cache, tree }])
        const row = Float32Array.from(logits?.row(tree.size - 1) ?? [])
        cache.commit(tree.path(tree.size - 1))
        return row
      })
      cache.close()
      return rows.slice(-24)
    })
    const caches = texts.map(() => model.open())
    // Prompts in turns of 7, 16 and 31 tokens, so that the cells of the three interleave; then drafts of other widths, together.
    for (const [widths, until] of [
      [[7, 16, 31], 316],
      [[3, 8, 5], 340],
    ] as const) {
      while (caches.some((cache) => cache.length < until)) {
        const passes = caches.flatMap((cache, session) => {
          const tokens = texts[session]?.slice(cache.length, Math.min(until, cache.length + (widths[session] as number))) ?? []
          if (tokens.length === 0) return []
          const tree = new TokenTree()
          let at: NodeId = ROOT
          for (const token of tokens) at = tree.add(at, token, { wanted: true })
          return [{ cache, tree, session }]
        })
        const logits = model.forward(passes)
        for (const [i, { cache, tree, session }] of passes.entries()) {
          for (let node = 0; node < tree.size; node++) {
            const place = cache.length + node - 316
            const expected = alone[session]?.[place]
            if (expected) expect(Buffer.compare(bytes(logits[i]?.row(node)), bytes(expected)), `session ${session}, token ${place}`).toBe(0)
          }
        }
        for (const { cache, tree } of passes) cache.commit(tree.path(tree.size - 1))
      }
    }
    model.close()
  })

  it('every method gives plain decoding’s text, branches and a second prompt included', async () => {
    await using engine = await load({ target: file, draft: file, exact: true, contextLength: 640 })
    expect(engine.facts.exactWidth).toBeGreaterThan(1)
    const options = { suffixes: 3, branches: 2, window: 3, ngram: 4, guesses: 3 }
    for (const content of ['Write a haiku about tests.', 'Count from one to twenty in words, then backwards.']) {
      for (const temperature of [0, 0.8]) {
        const request = { messages: [{ role: 'user' as const, content }], maxTokens: 64, temperature, seed: 3 }
        const plain = await engine.generate({ ...request, method: 'vanilla' }).result
        for (const method of ['speculative', 'prompt-lookup', 'lookahead', 'ouroboros'] as const) {
          const { text, exact } = await engine.generate({ ...request, method, ...(method === 'ouroboros' && { options }) }).result
          expect({ text, exact }, `${method} at ${temperature}`).toEqual({ text: plain.text, exact: true })
        }
      }
    }
  })
})
