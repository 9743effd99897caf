import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CachedSequence, drive, PaperDrafter, PaperPool, Sampler, Session, type Token } from '../src/core/index.ts'
import { LlamaModel } from '../src/llama/model.ts'
import { PaddedLlama } from './padded-llama.ts'

/** Runs of the published code on two tiny models (README in the folder explains the fields). */
const FOLDER = process.env['OUROBOROS_GOLDEN'] ?? fileURLToPath(new URL('golden', import.meta.url))
const END: Token = 2
/**
 * The runs were made with pad token 0 in the draft model's generation config: transformers masks every 0 in a round's text.
 * That is the harness, not the method; `PaddedLlama` is a draft model that does the same.
 */
const PAD: Token = 0

interface Case {
  prompt: Token[]
  plain: Token[]
  output: Token[]
  initial_window: Token[]
  steps: { prefix: number; draft: Token[]; suffixes: Token[][]; draft_passes: number }[]
  target_passes: number
  draft_passes: number
  pool_after: Record<string, Token[][]>
}
interface Run {
  parameters: { W: number; N: number; G: number; K: number; gamma: number; max_new_tokens: number }
  cases: Case[]
}

const { runs } = JSON.parse(readFileSync(join(FOLDER, 'reference-runs.json'), 'utf8')) as { runs: Run[] }

describe.skipIf(!existsSync(join(FOLDER, 'target.gguf')))('paper preset repeats the published code', () => {
  let target: LlamaModel
  let draft: PaddedLlama
  beforeAll(async () => {
    // The reference ran in float32: its near-ties flip with a float16 cache.
    const exact = { contextLength: 512, cacheTypeK: 'f32', cacheTypeV: 'f32', flashAttention: false } as const
    target = await LlamaModel.load(join(FOLDER, 'target.gguf'), exact)
    draft = new PaddedLlama(join(FOLDER, 'draft.gguf'), PAD)
  })
  afterAll(() => {
    target.close()
  })

  for (const { parameters, cases } of runs) {
    const { W, N, G, K, gamma, max_new_tokens: maxTokens } = parameters
    it(`W=${W} N=${N} G=${G} K=${K} gamma=${gamma}: every round of ${cases.length} cases`, () => {
      const pool = new PaperPool(G)
      for (const [i, one] of cases.entries()) {
        const texts = [new CachedSequence(target.open(), 512), new CachedSequence(draft.open(), 512)] as const
        const drafter = new PaperDrafter(texts[1], pool, { W, N, G, K, gamma, initialWindow: one.initial_window }, new Set([END]))
        const session = new Session(
          { target: texts[0], drafter, sampler: new Sampler(), endTokens: new Set([END]), maxTokens, promptChunk: 512 },
          one.prompt,
        )
        let round = 0
        for (; !session.finish; round++) {
          const prefix = session.prefix.length
          draft.beginRound(session.prefix)
          const passes = session.statistics.draftPasses
          drive(session.step())
          const { draft: tokens, suffixes } = drafter.last
          expect(
            { prefix, draft: tokens, suffixes, draft_passes: session.statistics.draftPasses - passes },
            `case ${i}: round ${round}`,
          ).toEqual(one.steps[round])
        }
        expect(round, `case ${i}: rounds`).toBe(one.steps.length)
        // The published code can emit tokens behind the end token (it takes the packed column for a place); ours stops there.
        const end = one.output.indexOf(END)
        expect(session.prefix.slice(one.prompt.length), `case ${i}: output`).toEqual(end < 0 ? one.output : one.output.slice(0, end + 1))
        expect(session.statistics.targetPasses, `case ${i}: target passes`).toBe(one.target_passes)
        expect(session.statistics.draftPasses, `case ${i}: draft passes`).toBe(one.draft_passes)
        expect(poolOf(pool), `case ${i}: pool`).toEqual(one.pool_after)
        for (const text of texts) text.close()
      }
    })
  }
})

function poolOf(pool: PaperPool): Record<string, Token[][]> {
  return Object.fromEntries([...pool.entries()].map(([key, phrases]) => [String(key), phrases.map((phrase) => [...phrase])]))
}
