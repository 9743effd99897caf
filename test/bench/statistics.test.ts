import { describe, expect, it } from 'vitest'
import { limitOf } from '../../src/bench/limit.ts'
import { orderOf } from '../../src/bench/order.ts'
import { tune } from '../../src/bench/tune.ts'
import { median, quantile } from '../../src/core/quantile.ts'

describe('statistics', () => {
  it('median and quartiles, interpolated', () => {
    expect([median([3, 1, 2]), median([4, 1, 2, 3]), median([7])]).toEqual([2, 2.5, 7])
    expect([quantile([1, 2, 3, 4, 5], 0.25), quantile([1, 2], 0.75), quantile([5], 0.25)]).toEqual([2, 1.75, 5])
    expect(median([])).toBeNaN()
  })
})

describe('the limit', () => {
  const curve = { widths: [1, 2, 4, 8, 16], seconds: [0.05, 0.06, 0.07, 0.1, 0.24] }

  it('is the best n / T(n) against 1 / T(1)', () => {
    const limit = limitOf(curve)
    expect(limit).toMatchObject({ width: 8, tokensPerSecond: 80, plainTokensPerSecond: 20 })
    expect(limit.speedup).toBeCloseTo(4)
    expect(limitOf({ widths: [1, 2], seconds: [0.05, 0.2] })).toMatchObject({ speedup: 1, width: 1 })
  })
})

describe('the order of the methods', () => {
  it('turns round from prompt to prompt, then rotates', () => {
    expect([0, 1, 2, 3].map((prompt) => orderOf(['a', 'b', 'c'], prompt).join(''))).toEqual(['abc', 'cba', 'bca', 'acb'])
    expect(orderOf([], 3)).toEqual([])
  })

  it('runs every method once a prompt, and each as often first as the others', () => {
    const methods = ['a', 'b', 'c', 'd']
    const firsts = Array.from({ length: 8 }, (_, prompt) => {
      const order = orderOf(methods, prompt)
      expect([...order].sort()).toEqual(methods)
      return order[0]
    })
    for (const method of methods) expect(firsts.filter((name) => name === method)).toHaveLength(2)
  })
})

describe('tuning', () => {
  const speeds: Record<number, number> = { 2: 10, 3: 14, 4: 12 }

  it('takes the candidate with the most tokens per second over all prompts', async () => {
    const runs: [number, string][] = []
    const best = await tune([2, 3, 4], ['x', 'y'], async (candidate, prompt) => {
      runs.push([candidate, prompt])
      return { decodedTokens: speeds[candidate] as number, decodedMs: 1000 }
    })
    expect(best).toBe(3)
    expect(runs.map(([candidate]) => candidate)).toEqual([2, 3, 4, 4, 3, 2])
  })

  it('says undefined without prompts, or where nothing was written', async () => {
    expect(await tune([2, 3], [], async () => ({ decodedTokens: 1, decodedMs: 1 }))).toBeUndefined()
    expect(await tune([2, 3], ['x'], async () => ({ decodedTokens: 0, decodedMs: 0 }))).toBeUndefined()
  })
})
