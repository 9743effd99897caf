import { describe, expect, it } from 'vitest'
import {
  CachedSequence,
  drive,
  logitsOf,
  Sampler,
  type SamplerOptions,
  Session,
  type Token,
  uniform,
  VanillaDrafter,
} from '../../src/core/index.ts'
import { FakeModel, RandomDrafter } from '../../src/testing/index.ts'

const pick = (options: Partial<SamplerOptions>, row: number[], prefix: Token[] = []) =>
  new Sampler(options).pick(
    logitsOf(() => Float32Array.from(row)),
    0,
    prefix,
  )
/** Every token that some seed draws. */
const drawn = (options: Partial<SamplerOptions>, row: number[]) =>
  [...new Set(Array.from({ length: 300 }, (_, seed) => pick({ temperature: 1, ...options, seed }, row)))].sort((a, b) => a - b)

describe('sampler', () => {
  it('is greedy by default; the lowest id wins a tie', () => {
    expect(pick({}, [1, 3, 3, 2])).toBe(1)
  })
  it('adds the logit bias before anything else', () => {
    expect(pick({ logitBias: new Map([[0, 5]]) }, [1, 3, 2])).toBe(0)
  })
  it('divides positive and multiplies negative logits by the repeat penalty', () => {
    expect(pick({ repeatPenalty: 2 }, [3, 2], [0])).toBe(1)
    expect(pick({ repeatPenalty: 2 }, [-1, -1.5], [0])).toBe(1)
  })
  it('takes the frequency penalty per occurrence, the presence penalty once', () => {
    expect(pick({ frequencyPenalty: 0.6 }, [3, 2], [0])).toBe(0)
    expect(pick({ frequencyPenalty: 0.6 }, [3, 2], [0, 0])).toBe(1)
    expect(pick({ presencePenalty: 0.6 }, [3, 2], [0, 0])).toBe(0)
  })
  it('looks back only penaltyLastN tokens', () => {
    expect(pick({ presencePenalty: 2, penaltyLastN: 1 }, [3, 2], [0, 1])).toBe(0)
    expect(pick({ presencePenalty: 2, penaltyLastN: -1 }, [3, 2, 1.9], [0, 1])).toBe(2)
  })
  it('top-k keeps the k best', () => {
    expect(drawn({ topK: 2 }, [1, 3, 0, 2.5])).toEqual([1, 3])
  })
  it('top-p keeps the smallest set that reaches p, before temperature', () => {
    // probabilities 0.5, 0.25, 0.125, 0.125
    const row = [Math.log(4), Math.log(2), 0, 0]
    expect(drawn({ topP: 0.5 }, row)).toEqual([0])
    expect(drawn({ topP: 0.6, temperature: 3 }, row)).toEqual([0, 1])
  })
  it('min-p keeps what is at least p times as probable as the best', () => {
    expect(drawn({ minP: 0.4 }, [Math.log(4), Math.log(2), 0])).toEqual([0, 1])
  })
  it('never draws what a constraint forbids', () => {
    const constraint = {
      mask: (row: Float32Array) => row.fill(Number.NEGATIVE_INFINITY, 0, 2),
      allows: (token: Token) => token >= 2,
      accept() {},
      fork: () => constraint,
      close() {},
    }
    for (const temperature of [0, 1])
      expect(
        new Sampler({ temperature }, constraint).pick(
          logitsOf(() => Float32Array.of(9, 9, 1, 0)),
          0,
          [],
        ),
      ).toBeGreaterThanOrEqual(2)
  })
})

it('ends at the most extreme penalties that a request may have', () => {
  for (const repeatPenalty of [Number.MIN_VALUE, Number.MAX_VALUE]) {
    for (const temperature of [Number.MIN_VALUE, 1, 1e300]) {
      const extreme = { temperature, repeatPenalty, penaltyLastN: -1, topK: 1000, topP: 1e-57, minP: 1e-205 }
      const token = new Sampler(extreme).pick(
        logitsOf(() => Float32Array.of(1, -2, 3, Number.NEGATIVE_INFINITY)),
        0,
        [0, 1, 3],
      )
      expect([0, 1, 2]).toContain(token)
    }
  }
})

describe('uniform', () => {
  it('depends on seed and counter only, and fills [0, 1) evenly', () => {
    expect(uniform(1, 2)).toBe(uniform(1, 2))
    expect(uniform(1, 2)).not.toBe(uniform(2, 2))
    const bins = Array(20).fill(0)
    for (let i = 0; i < 20_000; i++) bins[Math.floor(uniform(42, i) * 20)]++
    expect(chiSquare(bins, Array(20).fill(1000))).toBeLessThan(43.8) // 19 degrees, error rate 0.001
  })
})

describe('sampling follows the softmax', () => {
  const model = new FakeModel({ vocabSize: 8, order: 2, seed: 9 })
  const SEEDS = 4000
  /** First tokens over many seeds, as counts per token. */
  function firstTokens(draw: (seed: number) => Token): number[] {
    const counts = Array(8).fill(0)
    for (let seed = 0; seed < SEEDS; seed++) counts[draw(seed)]++
    return counts
  }
  const row = model.rowAfter([1, 2])
  const weights = [...row].map(Math.exp)
  const total = weights.reduce((a, b) => a + b, 0)
  const expected = weights.map((weight) => (SEEDS * weight) / total)
  const LIMIT = 24.3 // 7 degrees, error rate 0.001

  for (const drafted of [false, true]) {
    it(`${drafted ? 'with random drafts' : 'plain'}: chi-square of the first token, error rate 0.001`, () => {
      const counts = firstTokens((seed) => {
        const drafter = drafted ? new RandomDrafter(model, seed) : new VanillaDrafter()
        const sampler = new Sampler({ temperature: 1, seed })
        const session = new Session(
          { target: new CachedSequence(model.open()), drafter, sampler, endTokens: new Set(), maxTokens: 1 },
          [1, 2],
        )
        return drive(session.step()).tokens[0]?.token as Token
      })
      expect(chiSquare(counts, expected)).toBeLessThan(LIMIT)
    })
  }

  it('a biased rule is caught: min(1, p/q) on a greedy draft', () => {
    const best = row.indexOf(Math.max(...row))
    const draftChance = 0.5 // what the draft model gave the token that it proposed for certain
    const counts = firstTokens((seed) => {
      if (uniform(seed, 1) < Math.min(1, (weights[best] as number) / total / draftChance)) return best
      return new Sampler({ temperature: 1, seed }).pick(
        logitsOf(() => row),
        0,
        [1, 2],
      )
    })
    expect(chiSquare(counts, expected)).toBeGreaterThan(LIMIT)
  })
})

function chiSquare(counts: readonly number[], expected: readonly number[]): number {
  return counts.reduce((sum, count, i) => sum + (count - (expected[i] as number)) ** 2 / (expected[i] as number), 0)
}
