import { describe, expect, it } from 'vitest'
import type { ReportLimit } from '../../src/bench/report.ts'
import { reportSample, rowsOf } from '../../src/bench/rows.ts'
import { measured, sample } from './samples.ts'

const LIMIT: ReportLimit = {
  target: 'big',
  speedup: 4,
  width: 8,
  tokens_per_second: 40,
  plain_tokens_per_second: 10,
  target_curve: { widths: [1, 8], seconds: [0.1, 0.2] },
  draft_curve: null,
}
const rowOf = (...samples: Parameters<typeof rowsOf>[0]) => rowsOf(samples, [LIMIT])[0]

describe('a row', () => {
  it('has the median of the prompts’ ratios, their spread, and the ratio of the totals', () => {
    const row = rowOf(
      sample('ouroboros', 0, { tokensPerSecond: 10 }),
      sample('ouroboros', 1, { tokensPerSecond: 20 }),
      sample('ouroboros', 2, { tokensPerSecond: 60 }, { tokensPerSecond: 15 }),
    )
    expect(row).toMatchObject({ prompts: 3, tokens: 93, tokens_per_second: 20, speedup: 2, fraction_of_limit: 0.5 })
    expect(row?.spread).toEqual({ min: 1, q1: 1.5, q3: 3, max: 4 })
    expect(row?.speedup_of_totals).toBeCloseTo(90 / 35, 4)
  })

  it('takes one prompt’s repetitions together first: the spread is that of the prompts', () => {
    const once = sample('ouroboros', 0, { tokensPerSecond: 10 })
    const again = { ...sample('ouroboros', 0, { tokensPerSecond: 30 }), repeat: 1 }
    expect(rowOf(once, again)).toMatchObject({ prompts: 1, speedup: 2, spread: { min: 2, max: 2 } })
  })

  it('takes speeds from the turns that were steady, where there are any, and counts the others', () => {
    const swaying = { ...sample('ouroboros', 1, { tokensPerSecond: 90 }), steady: false }
    expect(rowOf(sample('ouroboros', 0, { tokensPerSecond: 20 }), swaying)).toMatchObject({ speedup: 2, prompts: 2, texts: 2, unsteady: 1 })
    expect(rowOf(swaying)).toMatchObject({ speedup: 9, unsteady: 1 })
  })

  it('adds up passes, steps and the time outside the engine', () => {
    const row = rowOf(sample('ouroboros', 0), sample('ouroboros', 1, { histogram: [0, 1], targetPasses: 5, draftPasses: 8 }))
    expect(row).toMatchObject({ acceptance_histogram: [0, 6, 3], overhead_share: 0.05, memory_bytes: 1e9 })
    expect(row?.mean_acceptance_length).toBeCloseTo(12 / 9, 4)
    expect([row?.target_passes_per_token, row?.draft_passes_per_token]).toEqual([0.5, 0.5])
  })

  it('has the energy of a token where every answer tells it', () => {
    const both = [
      sample('ouroboros', 0, { joules: 30, decodedTokens: 10 }),
      sample('ouroboros', 1, { joules: 10, decodedTokens: 10 }),
    ] as const
    expect(rowOf(...both)?.joules_per_token).toBe(2)
    expect(rowOf(...both, sample('ouroboros', 2))?.joules_per_token).toBeNull()
  })

  it('counts equal texts, and says where they part', () => {
    const other = sample('ouroboros', 1, { text: 'some', ids: [1, 2, 9] })
    expect(rowOf(sample('ouroboros', 0), other)).toMatchObject({ texts: 2, equal_texts: 1 })
    expect(reportSample(other).differs_at).toBe(2)
    expect(reportSample(sample('ouroboros', 0)).differs_at).toBeNull()
  })

  it('says null for what another program does not tell, and refers to that program’s own plain decoding', () => {
    const base = { method: 'llama.cpp', measured: measured({ tokensPerSecond: 20 }) }
    const silent = { engineMs: null, histogram: null, draftPasses: null, widths: null, ids: null, rssBytes: null }
    const row = rowOf({ ...sample('llama.cpp ngram-mod', 0, { ...silent, tokensPerSecond: 30 }), base })
    expect(row).toMatchObject({ base: 'llama.cpp', speedup: 1.5, speedup_over_vanilla: 3, fraction_of_limit: null })
    expect(row).toMatchObject({ overhead_share: null, draft_passes_per_token: null, memory_bytes: null, acceptance_histogram: null })
    expect(row?.mean_acceptance_length).toBeCloseTo(31 / 6, 4)
  })

  it('has no speed-up where an answer ended with its first step', () => {
    const short = { tokensPerSecond: 0, decodedTokens: 0, decodedMs: 0, tokens: 1 }
    expect(rowOf(sample('ouroboros', 0, short))).toMatchObject({
      speedup: null,
      spread: null,
      speedup_of_totals: null,
      fraction_of_limit: null,
    })
    expect(rowOf(sample('ouroboros', 0, short), sample('ouroboros', 1, { tokensPerSecond: 20 }))).toMatchObject({ prompts: 2, speedup: 2 })
  })

  it('several tasks: behind them a row over all of their prompts, a target each, of methods that wrote all', () => {
    const other = { ...sample('ouroboros', 0, { tokensPerSecond: 40 }), task: 'wmt' }
    const rows = rowsOf([sample('ouroboros', 0, { tokensPerSecond: 20 }), sample('vanilla', 0), other, { ...other, target: 'alone' }], [])
    expect(rows.map(({ target, task, method }) => [target, task, method])).toEqual([
      ['big', 'gsm8k', 'vanilla'],
      ['big', 'gsm8k', 'ouroboros'],
      ['big', 'wmt', 'ouroboros'],
      ['big', 'overall', 'ouroboros'],
      ['alone', 'wmt', 'ouroboros'],
    ])
    expect(rows[3]).toMatchObject({ prompts: 2, texts: 2, tokens: 62, speedup: 3, speedup_of_totals: 3, spread: { min: 2, max: 4 } })
  })

  it('comes in the usual order, plain decoding first', () => {
    const peer = { method: 'llama.cpp', measured: measured() }
    const rows = rowsOf(
      [
        { ...sample('llama.cpp ngram-mod', 0), base: peer },
        { ...sample('llama.cpp', 0), base: peer },
        sample('ouroboros', 0),
        sample('vanilla', 0),
        sample('speculative', 0),
      ],
      [],
    )
    expect(rows.map(({ method }) => method)).toEqual(['vanilla', 'speculative', 'ouroboros', 'llama.cpp', 'llama.cpp ngram-mod'])
  })
})
