import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
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

  it('is deterministic for a seed and a pool state', () => {
    fc.assert(
      fc.property(setup, (world) => {
        expect(answer(world, false)).toEqual(answer(world, false))
      }),
      { numRuns: 100 },
    )
  })
})
