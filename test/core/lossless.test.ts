import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { METHOD_NAMES } from '../../src/api/method-options.ts'
import { Planner } from '../../src/core/index.ts'
import { runs } from './runs.ts'
import { answer, checkLossless, setup } from './setups.ts'

const METHODS = ['speculative', 'prompt-lookup', 'lookahead', 'ouroboros', 'paper', 'random'] as const

describe('lossless: the text is plain decoding’s, whatever is proposed', () => {
  for (const method of METHODS) {
    it(`${method}: hundreds of random pairs, prompts, samplers and parameters`, () => {
      fc.assert(
        fc.property(setup, (world) => checkLossless({ ...world, drafting: { ...world.drafting, method } })),
        runs(400),
      )
    })
  }

  it('every method that users can choose is among them', () => {
    expect(METHOD_NAMES.filter((name) => name !== 'vanilla' && !METHODS.includes(name as never))).toEqual([])
  })

  it('what users run is among what is tested: no option set, with and without drafts, as often as with options', () => {
    const keep = vi.spyOn(Planner.prototype, 'keep')
    const draft = vi.spyOn(Planner.prototype, 'worthDrafting')
    const worlds = fc.sample(setup, 200)
    const free = worlds.filter(({ drafting }) => Object.keys(drafting.options).length === 0)
    const counts = { sends: 0, drafts: 0, holdsBack: 0 }
    for (const world of free) {
      for (const spy of [keep, draft]) spy.mockClear()
      answer({ ...world, drafting: { ...world.drafting, method: 'ouroboros' } }, false)
      if (keep.mock.results.some(({ value }) => value.length > 0)) counts.sends++
      if (keep.mock.calls.some(([offered], i) => offered.length > keep.mock.results[i]?.value.length)) counts.holdsBack++
      if (draft.mock.results.some(({ value }) => value.count > 0)) counts.drafts++
    }
    vi.restoreAllMocks()
    expect(free.length / worlds.length).toBeGreaterThan(0.4)
    for (const count of Object.values(counts)) {
      expect(count / free.length).toBeGreaterThan(0.1)
      expect(count).toBeLessThan(free.length)
    }
  })

  it('is deterministic for a seed and a pool state', () => {
    fc.assert(
      fc.property(setup, (world) => {
        expect(answer(world, false)).toEqual(answer(world, false))
      }),
      runs(100),
    )
  })
})
