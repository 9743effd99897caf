import { describe, expect, it } from 'vitest'
import { CachedSequence, drive, Sampler, Session, SpeculativeDrafter, type Token, VanillaDrafter } from '../../src/core/index.ts'
import { FakeModel, RandomDrafter } from '../../src/testing/index.ts'

describe('session', () => {
  const target = new FakeModel({ vocabSize: 24, contextLength: 40 })
  const session = (prompt: Token[], maxTokens = 10) =>
    new Session(
      {
        target: new CachedSequence(target.open()),
        drafter: new VanillaDrafter(),
        sampler: new Sampler(),
        endTokens: new Set<Token>(),
        maxTokens,
      },
      prompt,
    )

  it('refuses an empty prompt and one beyond the context, saying the numbers', () => {
    expect(() => session([])).toThrow(expect.objectContaining({ code: 'E_PROMPT', message: expect.stringContaining('received 0 tokens') }))
    expect(() => session(Array(40).fill(1))).toThrow(expect.objectContaining({ code: 'E_CONTEXT' }))
    for (const length of [40, 41])
      expect(() => session(Array(length).fill(1))).toThrow(
        `${length} tokens, which exceeds the available context size of 40, the answer included`,
      )
  })

  it('fills the context to its last place', () => {
    const one = session(Array(37).fill(1), 99)
    while (!one.finish) drive(one.step())
    expect(one.prefix.length).toBe(40)
    expect(one.finish).toBe('length')
  })

  it('with the target as its own draft accepts everything: gamma + 1 tokens per step', () => {
    const model = new FakeModel({ vocabSize: 24, order: 2 })
    const drafter = new SpeculativeDrafter(new CachedSequence(model.open()), { draftLength: 4, minProbability: 0 }, new Set())
    const one = new Session(
      { target: new CachedSequence(model.open()), drafter, sampler: new Sampler(), endTokens: new Set(), maxTokens: 25 },
      [1, 2, 3],
    )
    let draftPasses = 0
    while (!one.finish) draftPasses += drive(one.step()).round?.draftPasses ?? 0
    expect(one.statistics.draftPasses).toBe(draftPasses)
    expect(draftPasses).toBe(20)
    expect(one.statistics.acceptanceHistogram).toEqual([0, 0, 0, 0, 0, 5])
    expect(one.statistics.draftTokens).toBe(20)
    expect(one.statistics.acceptedTokens).toBe(20)
    expect(one.statistics.tokensByOrigin).toEqual({ target: 5, draft: 20, phrase: 0 })
  })

  it('a round says how many tokens each of its passes had', () => {
    const model = new FakeModel({ vocabSize: 24, order: 2 })
    const drafter = new SpeculativeDrafter(new CachedSequence(model.open()), { draftLength: 3, minProbability: 0 }, new Set())
    const one = new Session(
      { target: new CachedSequence(model.open()), drafter, sampler: new Sampler(), endTokens: new Set(), maxTokens: 9 },
      [1, 2, 3],
    )
    const widths = []
    while (!one.finish) widths.push(drive(one.step()).round?.widths)
    // The prompt comes with the first passes; later ones begin with the token emitted last (the draft model has not seen the bonus's neighbor).
    expect(widths[0]).toEqual({ target: 6, draft: [3, 1, 1] })
    expect(widths[1]).toMatchObject({ target: 4, draft: [2, 1, 1] })
  })

  it('reuses the common prefix of the next prompt', () => {
    const text = new CachedSequence(target.open())
    const ask = (prompt: Token[]) => {
      const one = new Session(
        { target: text, drafter: new VanillaDrafter(), sampler: new Sampler(), endTokens: new Set(), maxTokens: 3 },
        prompt,
      )
      while (!one.finish) drive(one.step())
      return one
    }
    const first = ask([1, 2, 3, 4])
    expect(ask([...first.prefix, 5]).cachedTokens).toBe(6)
  })

  it('reports the target’s own log-probabilities, the same with and without drafts', () => {
    const model = new FakeModel({ vocabSize: 24, order: 2 })
    const logprobs = (drafted: boolean) => {
      const drafter = drafted ? new RandomDrafter(model, 5) : new VanillaDrafter()
      const one = new Session(
        {
          target: new CachedSequence(model.open()),
          drafter,
          sampler: new Sampler({ temperature: 1, seed: 3 }),
          endTokens: new Set(),
          maxTokens: 20,
          logprobs: 2,
        },
        [1],
      )
      const all = []
      while (!one.finish) all.push(...drive(one.step()).tokens)
      return all.map(({ token, logprob, topLogprobs }) => ({ token, logprob, topLogprobs }))
    }
    expect(logprobs(true)).toEqual(logprobs(false))
    expect(logprobs(true)[0]?.topLogprobs).toHaveLength(2)
  })
})
