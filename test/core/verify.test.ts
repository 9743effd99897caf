import { describe, expect, it } from 'vitest'
import { type Constraint, logitsOf, Sampler, type Token, TokenTree, verify, type WalkLimits } from '../../src/core/index.ts'

/** After node n the best token is `best[n]`, by log 3 before all others. */
const logits = (...best: Token[]) =>
  logitsOf((node) => Float32Array.from({ length: 6 }, (_, token) => (token === best[node] ? Math.log(3) : 0)))
const limits = (some: Partial<WalkLimits> = {}): WalkLimits => ({ endTokens: new Set(), maxTokens: 99, ...some })

/** Below the start, token 0: 1 - 2 - 3 of the draft, and beside the 2 a phrase's 4 whose logits nobody needs. */
function tree(): TokenTree {
  const draft = TokenTree.chain([0])
  draft.addPath(0, [1, 2, 3], { proposal: { origin: 'draft' } })
  draft.add(1, 4, { needsLogits: false, proposal: { origin: 'phrase', source: 'prompt' } })
  return draft
}

function walk(best: Token[], some?: Partial<WalkLimits>) {
  const prefix = [0]
  const { at, accepted, emitted, finish } = verify(tree(), 0, logits(...best), new Sampler(), prefix, limits(some))
  const tokens = emitted.map(({ token }) => token)
  expect(prefix).toEqual([0, ...tokens])
  return { at, accepted, tokens, finish }
}

describe('verify', () => {
  it('emits the accepted path and the correction', () => {
    expect(walk([1, 2, 5])).toEqual({ at: 2, accepted: [1, 2], tokens: [1, 2, 5], finish: undefined })
    expect(walk([5])).toEqual({ at: 0, accepted: [], tokens: [5], finish: undefined })
  })
  it('emits a bonus token after a fully accepted path', () => {
    expect(walk([1, 2, 3, 0])).toEqual({ at: 3, accepted: [1, 2, 3], tokens: [1, 2, 3, 0], finish: undefined })
  })
  it('does not walk into a node without logits', () => {
    expect(walk([1, 4])).toEqual({ at: 1, accepted: [1], tokens: [1, 4], finish: undefined })
  })
  it('stops at an end token inside the path, and at one that nobody proposed', () => {
    expect(walk([1, 2, 3], { endTokens: new Set([2]) })).toEqual({ at: 2, accepted: [1, 2], tokens: [1, 2], finish: 'stop' })
    expect(walk([1, 5], { endTokens: new Set([5]) })).toEqual({ at: 1, accepted: [1], tokens: [1, 5], finish: 'stop' })
  })
  it('stops at maxTokens inside the path; an end token there is an end', () => {
    expect(walk([1, 2, 3], { maxTokens: 2 })).toEqual({ at: 2, accepted: [1, 2], tokens: [1, 2], finish: 'length' })
    expect(walk([1, 2, 3], { maxTokens: 2, endTokens: new Set([2]) }).finish).toBe('stop')
  })
  it('says who proposed each token, and nothing of log-probabilities that nobody asked for', () => {
    const phrase = TokenTree.chain([0])
    phrase.add(0, 1, { proposal: { origin: 'phrase', source: 'prompt' } })
    phrase.add(1, 2, { proposal: { origin: 'draft' } })
    phrase.add(2, 3)
    const { emitted } = verify(phrase, 0, logits(1, 2, 3, 4), new Sampler(), [0], limits())
    expect(emitted).toStrictEqual([
      { token: 1, origin: 'phrase', source: 'prompt' },
      { token: 2, origin: 'draft' },
      { token: 3, origin: 'target' },
      { token: 4, origin: 'target' },
    ])
  })
  it('gives log-probabilities of the row at each place, and as many alternatives as asked for', () => {
    const of = (logprobs: number) => verify(tree(), 0, logits(1, 5), new Sampler(), [0], limits({ logprobs })).emitted
    for (const { logprob } of of(0)) expect(logprob).toBeCloseTo(Math.log(3 / 8), 6)
    expect(of(0).map((one) => 'topLogprobs' in one)).toEqual([false, false])
    expect(of(2)[1]?.topLogprobs).toEqual([
      { token: 5, logprob: expect.closeTo(Math.log(3 / 8), 6) },
      { token: 0, logprob: expect.closeTo(Math.log(1 / 8), 6) },
    ])
    expect(of(1)[1]?.topLogprobs).toHaveLength(1)
  })
  it('the constraint hears every emitted token in order', () => {
    const heard: Token[] = []
    const constraint: Constraint = {
      mask() {},
      allows: () => true,
      accept: (token) => heard.push(token),
      fork: () => constraint,
      close() {},
    }
    verify(tree(), 0, logits(1, 2, 5), new Sampler({}, constraint), [0], limits())
    expect(heard).toEqual([1, 2, 5])
  })
})
