import { beforeEach, describe, expect, it } from 'vitest'
import type { DraftBudget } from '../../src/core/index.ts'
import { plannerOf } from './fresh-control.ts'

const offer = { pathProbability: 1, phraseProbability: 0, most: 16, nodes: 0 }

describe('a prompt that the draft model has not read', () => {
  let control: ReturnType<typeof plannerOf>
  beforeEach(() => {
    control = plannerOf({ widths: [1, 64], seconds: [0.03, 0.031] }, { widths: [1, 256], seconds: [0.009, 0.4] })
  })
  const reads = (pending: number, rest: Partial<DraftBudget> = {}) => {
    control.begin(rest, pending)
    return control.planner.worthDrafting({ ...offer, pending, context: pending }).count > 0
  }

  it('is read only where the rest of the answer pays for it, and less readily beside others', () => {
    expect(reads(256)).toBe(true)
    expect(reads(256, { remainingTokens: 4 })).toBe(false)
    expect(reads(256, { otherSessions: 7, otherTokens: 7 })).toBe(false)
  })

  it('is read for what tokens cost without the draft model', () => {
    const { planner, tokenCost } = control
    tokenCost.observe(0, 200, 100) // drafts made them cheap
    expect(reads(128)).toBe(true)
    tokenCost.observe(0, 200, 50, true) // phrases alone did
    expect(reads(128)).toBe(false)
    for (let step = 0; step < 64; step++) {
      reads(128)
      planner.observe(1, 0, []) // no longer
    }
    expect(reads(128)).toBe(true)
  })

  it('counts as lost where a short answer leaves it unpaid', () => {
    const { planner, lossBudget } = control
    planner.observe(1, 0, [256])
    const before = lossBudget.balance
    planner.close()
    expect(before - lossBudget.balance).toBeGreaterThan(8)
    planner.close()
    expect(before - lossBudget.balance).toBeLessThan(14)
  })
})
