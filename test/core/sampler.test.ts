import { describe, expect, it } from 'vitest'
import {
  CachedSequence,
  drive,
  logitsOf,
  ROW_MATH,
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
  it('withholds the end of the text up to a position, greedy and drawn, whatever its bias', () => {
    const withheld = { tokens: new Set([1]), until: 3 }
    for (const options of [{}, { temperature: 1 }, { logitBias: new Map([[1, 99]]) }, { topK: 1, temperature: 1 }, { repeatPenalty: 2 }]) {
      expect(pick({ ...options, withheld }, [1, 50, 0], [0, 2])).not.toBe(1)
      expect(pick({ ...options, withheld }, [1, 50, 0], [0, 2, 2])).toBe(1)
    }
    const sampler = new Sampler({ withheld })
    expect([sampler.withholds(1, 2), sampler.withholds(1, 3), sampler.withholds(0, 2)]).toEqual([true, false, false])
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
  it('looks at no token for penalties if penaltyLastN is 0, and at all if it is more than there are', () => {
    expect(pick({ presencePenalty: 2, penaltyLastN: 0 }, [3, 2], [0])).toBe(0)
    expect(pick({ presencePenalty: 2, penaltyLastN: 9 }, [3, 2], [0])).toBe(1)
  })
  it('each penalty works by itself, at a temperature too', () => {
    for (const penalty of [{ repeatPenalty: 1e9 }, { presencePenalty: 99 }, { frequencyPenalty: 99 }])
      expect(drawn(penalty, [3, 3, 3])).toEqual([0, 1, 2])
    for (const penalty of [{ presencePenalty: 99 }, { frequencyPenalty: 99 }])
      expect(pick({ ...penalty, temperature: 1 }, [3, 3], [0])).toBe(1)
    expect(pick({ logitBias: new Map([[0, -99]]), temperature: 1 }, [3, 3])).toBe(1)
  })
  it('what is impossible stays impossible under a penalty', () => {
    expect(pick({ presencePenalty: 1 }, [Number.NEGATIVE_INFINITY, -1e31], [0])).toBe(1)
  })
  it('reads no row if the most likely token is all that is asked for', () => {
    const logits = { argmax: () => 7, math: ROW_MATH, row: () => expect.fail('the row was read') }
    expect(new Sampler().pick(logits, 0, [])).toBe(7)
  })
  it('leaves the model’s row as it is, and copies it only to change it', () => {
    const row = Float32Array.of(1, 3, 2)
    const seen: Float32Array[] = []
    const argmax = (one: Float32Array) => {
      seen.push(one)
      return ROW_MATH.argmax(one)
    }
    const math = { ...ROW_MATH, argmax }
    const logits = { row: () => row, argmax: () => 1, math }
    new Sampler({ temperature: 1 }).pick(logits, 0, [])
    expect(seen.every((one) => one === row)).toBe(true)
    const odd = { mask: (one: Float32Array) => one.fill(0), allows: () => false, accept() {}, fork: () => odd, close() {} }
    for (const options of [{ presencePenalty: 5 }, { logitBias: new Map([[1, -9]]) }]) new Sampler(options).pick(logits, 0, [1])
    new Sampler({ temperature: 1 }, odd).pick(logits, 0, [1])
    expect(row).toEqual(Float32Array.of(1, 3, 2))
  })
  it('draws at a temperature alone without a list of the row’s best', () => {
    const math = { ...ROW_MATH, near: () => expect.fail('a list was made'), top: () => expect.fail('a list was made') }
    const logits = { row: () => Float32Array.of(1, 3, 2), argmax: () => 1, math }
    for (let seed = 0; seed < 20; seed++) expect([0, 1, 2]).toContain(new Sampler({ temperature: 1, seed }).pick(logits, 0, []))
  })
  it('rows of another length are no matter', () => {
    const sampler = new Sampler({ logitBias: new Map([[0, 1]]) })
    const of = (...row: number[]) =>
      sampler.pick(
        logitsOf(() => Float32Array.from(row)),
        0,
        [],
      )
    expect([of(0, 5, 9), of(0, 5), of(1, 2, 3, 4)]).toEqual([2, 1, 3])
  })
  it('top-k, top-p and min-p together: each cuts what the one before left', () => {
    // probabilities 0.5, 0.25, 0.125, 0.125; of the best two 2/3, 1/3
    const row = [Math.log(4), Math.log(2), 0, 0]
    expect(drawn({ topK: 2, topP: 0.66 }, row)).toEqual([0])
    expect(drawn({ topK: 2, topP: 0.67 }, row)).toEqual([0, 1])
    expect(drawn({ topK: 3, minP: 0.3 }, row)).toEqual([0, 1])
    expect(drawn({ topK: 3, minP: 0.2 }, row)).toEqual([0, 1, 2])
    expect(drawn({ topP: 0.8, minP: 0.3 }, row)).toEqual([0, 1])
    expect(drawn({ topP: 0.8 }, row)).toEqual([0, 1, 2])
    expect(drawn({ topK: 1 }, row)).toEqual([0])
  })
  it('a temperature of 0 is greedy, whatever else is set', () => {
    for (const options of [{ topK: 3, topP: 0.9, minP: 0.1 }, { logitBias: new Map([[3, 0.1]]) }])
      for (let seed = 0; seed < 20; seed++) expect(pick({ ...options, seed }, [1, 3, 2.9, 0])).toBe(1)
  })
  it('what replaces a forbidden token is drawn by the law of the masked row', () => {
    const constraint = {
      mask: (row: Float32Array) => row.fill(Number.NEGATIVE_INFINITY, 0, 1),
      allows: (token: Token) => token >= 1,
      accept() {},
      fork: () => constraint,
      close() {},
    }
    const counts = [0, 0, 0]
    for (let seed = 0; seed < 4000; seed++) {
      const token = new Sampler({ temperature: 1, seed, logitBias: new Map([[2, Math.log(3)]]) }, constraint).pick(
        logitsOf(() => Float32Array.of(1, 0, 0)),
        0,
        [],
      )
      counts[token] = (counts[token] as number) + 1
    }
    expect(chiSquare(counts.slice(1), [1000, 3000])).toBeLessThan(10.8) // 1 degree, error rate 0.001; the seeds are fixed
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
