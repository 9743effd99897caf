import { describe, expect, it } from 'vitest'
import {
  CachedSequence,
  drive,
  Sampler,
  type SamplerOptions,
  Session,
  SpeculativeDrafter,
  type Token,
  uniform,
} from '../../src/core/index.ts'
import { FakeModel } from '../../src/testing/index.ts'
import { EveryThird } from './constraints.ts'

/**
 * The law of sampled tokens under speculation is the target's own: chi-square over many seeds against the exact probabilities.
 * Error rate: a right sampler fails one test in ten thousand.
 */
const SEEDS = 20_000
const CRITICAL = 3.719 // standard normal quantile of 1 - 1/10000
const WORDS = 6
/** Logits that depend on the last token, so that the second and third token have laws of their own. */
const law = (text: readonly Token[]) => Array.from({ length: WORDS }, (_, word) => ((word * 7 + 3 * (text.at(-1) as Token)) % 5) * 0.6)
const prompt = [1, 2]

/** Probabilities at temperature T, forbidden words left out. */
function probabilities(logits: ArrayLike<number>, temperature: number, allowed = (_: Token) => true): number[] {
  const weights = Array.from(logits, (logit, word) => (allowed(word) ? Math.exp(logit / temperature) : 0))
  const total = weights.reduce((a, b) => a + b, 0)
  return weights.map((weight) => weight / total)
}

/** Chi-square of counts as a standard normal deviate (Wilson and Hilferty). */
function deviate(counts: readonly number[], expected: readonly number[]): number {
  const all = counts.reduce((a, b) => a + b, 0)
  const cells = expected.map((p, i) => [counts[i] as number, p * all] as const).filter(([, wanted]) => wanted > 0)
  expect(counts.filter((count, i) => count > 0 && expected[i] === 0)).toEqual([])
  const statistic = cells.reduce((sum, [count, wanted]) => sum + (count - wanted) ** 2 / wanted, 0)
  const freedom = cells.length - 1
  return ((statistic / freedom) ** (1 / 3) - (1 - 2 / (9 * freedom))) / Math.sqrt(2 / (9 * freedom))
}

/** First and second token over all seeds, drafted by a greedy draft model that agrees half of the time. */
function sample(options: Partial<SamplerOptions>, constrained: boolean): { first: number[]; second: Map<Token, number[]> } {
  const target = new FakeModel({ vocabSize: WORDS, law })
  const draft = new FakeModel({ vocabSize: WORDS, law: (text) => law(text).map((logit, word) => logit + (word % 2)) })
  const texts = [new CachedSequence(target.open()), new CachedSequence(draft.open())] as const
  const first = new Array<number>(WORDS).fill(0)
  const second = new Map<Token, number[]>()
  for (let seed = 0; seed < SEEDS; seed++) {
    const session = new Session(
      {
        target: texts[0],
        drafter: new SpeculativeDrafter(texts[1], { draftLength: 2, minProbability: 0 }, new Set()),
        sampler: new Sampler({ ...options, seed }, constrained ? new EveryThird() : undefined),
        endTokens: new Set(),
        maxTokens: 2,
      },
      prompt,
    )
    while (!session.finish) drive(session.step())
    const [a, b] = session.prefix.slice(prompt.length) as [Token, Token]
    first[a] = (first[a] as number) + 1
    const counts = second.get(a) ?? new Array<number>(WORDS).fill(0)
    second.set(a, counts)
    counts[b] = (counts[b] as number) + 1
  }
  return { first, second }
}

describe('the law of sampled tokens is the target’s own', () => {
  for (const temperature of [0.7, 1.5]) {
    it(`temperature ${temperature}`, () => {
      const { first, second } = sample({ temperature }, false)
      expect(deviate(first, probabilities(law(prompt), temperature))).toBeLessThan(CRITICAL)
      for (const [a, counts] of second)
        expect(deviate(counts, probabilities(law([...prompt, a]), temperature)), `after ${a}`).toBeLessThan(CRITICAL)
    })
  }

  it('with a grammar: the masked row’s law, though most picks are only checked', () => {
    const { first } = sample({ temperature: 1 }, true)
    const start = new EveryThird()
    expect(
      deviate(
        first,
        probabilities(law(prompt), 1, (token) => start.allows(token)),
      ),
    ).toBeLessThan(CRITICAL)
  })

  it('catches a biased rule: min(1, p/q) on a token that the draft model did not sample', () => {
    const p = probabilities(law(prompt), 1)
    const q = probabilities(
      law(prompt).map((logit, word) => logit + (word % 2)),
      1,
    )
    const drafted = q.indexOf(Math.max(...q))
    const counts = new Array<number>(WORDS).fill(0)
    for (let seed = 0; seed < SEEDS; seed++) {
      let token = drafted
      if (uniform(seed, 0) >= Math.min(1, (p[drafted] as number) / (q[drafted] as number))) {
        const residual = p.map((chance, word) => Math.max(0, chance - (q[word] as number)))
        const total = residual.reduce((a, b) => a + b, 0)
        let left = uniform(seed, 1) * total
        token = residual.findIndex((chance) => {
          left -= chance
          return left < 0
        })
      }
      counts[token] = (counts[token] as number) + 1
    }
    expect(deviate(counts, p)).toBeGreaterThan(10 * CRITICAL)
  })
})
