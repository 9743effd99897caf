import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { Planner } from '../../src/core/index.ts'
import { answer, checkLossless, setup } from './setups.ts'

const METHODS = ['speculative', 'prompt-lookup', 'lookahead', 'ouroboros', 'paper', 'random'] as const

describe('lossless: the text is plain decoding’s, whatever is proposed', () => {
  for (const method of METHODS) {
    it(`${method}: hundreds of random pairs, prompts, samplers and parameters`, () => {
      fc.assert(
        fc.property(setup, (world) => checkLossless({ ...world, drafting: { ...world.drafting, method } })),
        { numRuns: 400 },
      )
    })
  }

  it('what users run is among what is tested: nothing set, costs known, with and without a draft model', () => {
    const keep = vi.spyOn(Planner.prototype, 'keep')
    const draft = vi.spyOn(Planner.prototype, 'worthDrafting')
    const worlds = fc.sample(setup, 200)
    const counts = { costsDecide: 0, andDrafts: 0 }
    for (const world of worlds) {
      for (const spy of [keep, draft]) spy.mockClear()
      answer({ ...world, drafting: { ...world.drafting, method: 'ouroboros' } }, false)
      if (keep.mock.calls.length === 0) continue
      counts.costsDecide++
      if (draft.mock.results.some(({ value }) => value.count > 0)) counts.andDrafts++
    }
    vi.restoreAllMocks()
    expect(counts.costsDecide / worlds.length).toBeGreaterThan(0.25)
    expect(counts.andDrafts / worlds.length).toBeGreaterThan(0.05)
    expect(counts.costsDecide - counts.andDrafts).toBeGreaterThan(0)
  })

  it('is deterministic for a seed and a pool state', () => {
    fc.assert(
      fc.property(setup, (world) => {
        expect(answer(world, false)).toEqual(answer(world, false))
      }),
      { numRuns: 100 },
    )
  })
})
