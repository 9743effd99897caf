import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Clock } from '../../src/runtime/clock.ts'

describe('the clock of an answer', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
  afterEach(() => void vi.useRealTimers())

  it('counts what the draft model does before the first tokens as decoding, and the first token with the prompt', () => {
    const spent = { draft: 0, target: 0, own: 0 }
    const clock = new Clock({ spent })
    spent.draft = 300
    spent.target = 1000
    vi.advanceTimersByTime(1300)
    clock.emitted(4)
    spent.draft = 400
    vi.advanceTimersByTime(700)
    clock.emitted(7)
    const timings = clock.timings()
    expect(timings).toMatchObject({ promptMs: 1000, predictedMs: 1000, engineMs: 1400, draftMs: 400 })
    expect(timings.predictedPerSecond).toBeCloseTo(10)
  })

  it('has no rate before there are two tokens', () => {
    const clock = new Clock({ spent: { draft: 0, target: 0, own: 0 } })
    vi.advanceTimersByTime(5)
    expect(clock.timings()).toMatchObject({ promptMs: 5, predictedMs: 0, predictedPerSecond: 0 })
    clock.emitted(1)
    expect(clock.timings().predictedPerSecond).toBe(0)
  })
})
