import { describe, expect, it } from 'vitest'
import {
  CachedSequence,
  type Drafter,
  drive,
  History,
  OuroborosDrafter,
  type OuroborosOptions,
  PaperDrafter,
  PaperPool,
  PhraseDrafting,
  PhrasePool,
  Sampler,
  Session,
  type Token,
} from '../../src/core/index.ts'
import { FakeModel } from '../../src/testing/index.ts'
import { freshControl } from './fresh-control.ts'

/** The published code's flaws (its own behavior is the `paper` preset), each with the default's answer to it. */
const WORDS = 32

/** A model whose next word depends on the last one only; `next` where it is not the following number. */
function model(next: Record<Token, Token> = {}): FakeModel {
  const after = (word: Token) => next[word] ?? (word + 1) % WORDS
  return new FakeModel({
    vocabSize: WORDS,
    law: (text) => Array.from({ length: WORDS }, (_, word) => (word === after(text.at(-1) as Token) ? 5 : 0)),
  })
}

interface World {
  target: FakeModel
  draft: FakeModel
  gamma: number
  K: number
  maxTokens?: number
  endTokens?: ReadonlySet<Token>
}

/** One round of the published method. A window of one column and N = 4: phrases of three tokens. */
function paper(world: World, pool: PaperPool, prompt: Token[]) {
  const { draft, gamma, K, endTokens = new Set() } = world
  const options = { W: 1, N: 4, G: pool.capacity, K, gamma, initialWindow: [0, 0] }
  return round(world, new PaperDrafter(new CachedSequence(draft.open()), pool, options, endTokens), prompt)
}

/** What the default method needs to decide, where a pass costs the same over any number of tokens and a draft token costs `draftToken` such passes. */
function control(draftToken: number) {
  const flat = (seconds: number) => ({ widths: [1, 64], seconds: [seconds, seconds] })
  return freshControl(flat(1), flat(draftToken))
}

/** One round of the default method, where drafts cost nothing. */
function ours(world: World, pool: PhrasePool, prompt: Token[], options: Partial<OuroborosOptions> = {}) {
  const { draft, gamma, K, endTokens = new Set() } = world
  const drafter = new OuroborosDrafter(
    { draftLength: gamma, suffixes: K, branches: 0, directChance: 2, sources: new Set(['verification']), ...options },
    {
      pool,
      history: new History(pool),
      ...control(0),
      drafting: new PhraseDrafting(new CachedSequence(draft.open()), pool, { window: 0, ngram: 4, guesses: 0 }),
      endTokens,
    },
  )
  return round(world, drafter, prompt)
}

function round({ target, maxTokens = 20, endTokens = new Set() }: World, drafter: Drafter, prompt: Token[]) {
  const session = new Session({ target: new CachedSequence(target.open()), drafter, sampler: new Sampler(), endTokens, maxTokens }, prompt)
  const step = drive(session.step())
  return { emitted: step.tokens.map(({ token }) => token), proposed: session.statistics.draftTokens }
}

function phrases(pool: PhrasePool, ...key: Token[]): Token[][] {
  const ids = pool.find(key, key.length, key.length).filter((id) => !pool.isRefuted(id))
  return ids.map((id) => [...pool.phrase(id).tokens])
}

describe('flaws of the published code', () => {
  it('in-place correction never runs after a rejection: the default corrects then as well', () => {
    // The target breaks off at once, and behind 6 it would say 9, where the pool says 7.
    const world = { target: model({ 4: 20, 6: 9 }), draft: model(), gamma: 2, K: 1 }
    const theirs = new PaperPool(4)
    theirs.insert(6, [7, 8, 9])
    expect(paper(world, theirs, [3, 4]).emitted).toEqual([20])
    expect(theirs.phrases(6)).toContainEqual([7, 8, 9])

    const pool = new PhrasePool()
    pool.insert([6, 7, 8, 9], 1, 4, 1, 'history')
    expect(ours(world, pool, [3, 4]).emitted).toEqual([20])
    expect(phrases(pool, 6)).toEqual([[9]])
  })

  it('a fully matched phrase loses its last token: the default keeps it, and the bonus token', () => {
    const world = { target: model(), draft: model(), gamma: 1, K: 1 }
    const theirs = new PaperPool(4)
    theirs.insert(5, [6, 7, 8])
    expect(paper(world, theirs, [3, 4]).emitted).toEqual([5, 6, 7, 8])

    const pool = new PhrasePool()
    pool.insert([5, 6, 7, 8], 1, 4, 1, 'history')
    expect(ours(world, pool, [3, 4]).emitted).toEqual([5, 6, 7, 8, 9])
  })

  it('phrases are of no use unless the whole draft is accepted: the default branches where the draft is unsure', () => {
    const world = { target: model({ 5: 11 }), draft: model(), gamma: 3, K: 1 }
    const theirs = new PaperPool(4)
    theirs.insert(5, [11, 12, 13])
    expect(paper(world, theirs, [3, 4]).emitted).toEqual([5, 11])

    const pool = new PhrasePool()
    pool.insert([5, 11, 12, 13], 1, 4, 1, 'history')
    expect(ours(world, pool, [3, 4], { branches: 3 }).emitted).toEqual([5, 11, 12, 13, 14])
  })

  it('a rejected draft token ends the step: the default also sends the draft model’s second choice, and a phrase behind it', () => {
    const target = model({ 4: 20 })
    // Behind 4 the draft model is unsure between 5 and 20.
    const law = (text: readonly Token[]) =>
      Array.from({ length: WORDS }, (_, word) => (word === (text.at(-1) as Token) + 1 ? 9 : word === 20 && text.at(-1) === 4 ? 8.9 : 0))
    const world = { target, draft: new FakeModel({ vocabSize: WORDS, law }), gamma: 2, K: 0 }
    expect(paper(world, new PaperPool(4), [3, 4]).emitted).toEqual([20])

    const pool = new PhrasePool()
    pool.insert([20, 21, 22], 1, 3, 1, 'history')
    expect(ours(world, pool, [3, 4], { branches: 1 }).emitted).toEqual([20, 21, 22, 23])
  })

  it('a phrase is known by one token: the default looks for the longest key first', () => {
    // Two things have followed 5; which one depends on the token before.
    const world = { target: model({ 5: 21 }), draft: model(), gamma: 1, K: 1 }
    const theirs = new PaperPool(4)
    theirs.insert(5, [21, 22, 23])
    theirs.insert(5, [11, 12, 13])
    expect(paper(world, theirs, [3, 4]).emitted).toEqual([5, 21]) // the newest is tried

    const pool = new PhrasePool()
    pool.insert([4, 5, 21, 22, 23], 2, 5, 2, 'history')
    pool.insert([9, 5, 11, 12, 13], 2, 5, 2, 'history')
    pool.insert([5, 21, 22, 23], 1, 4, 1, 'history')
    pool.insert([5, 11, 12, 13], 1, 4, 1, 'history')
    expect(ours(world, pool, [3, 4]).emitted).toEqual([5, 21, 22, 23, 24])
  })

  it('suffixes with a common beginning are sent twice: the default’s tree has every path once', () => {
    const world = { target: model(), draft: model(), gamma: 1, K: 2 }
    const pool = new PhrasePool()
    pool.insert([4, 5, 6, 7, 8], 2, 5, 2, 'history')
    pool.insert([5, 6, 7, 9], 1, 4, 1, 'history')
    pool.insert([5, 7], 1, 2, 1, 'history')
    // 5, then 6 7 8 and 7: no first token is tried twice.
    expect(ours(world, pool, [3, 4])).toEqual({ emitted: [5, 6, 7, 8, 9], proposed: 5 })
  })

  it('emits tokens behind an end token: the default stops at it, in a draft as in a phrase', () => {
    const endTokens = new Set([7])
    const world = { target: model(), draft: model(), gamma: 1, K: 1, endTokens }
    const pool = new PhrasePool()
    pool.insert([5, 6, 7, 8, 9], 1, 5, 1, 'history')
    expect(ours(world, pool, [3, 4]).emitted).toEqual([5, 6, 7])
    expect(ours({ ...world, gamma: 6 }, new PhrasePool(), [3, 4])).toEqual({ emitted: [5, 6, 7], proposed: 3 })
  })

  it('the draft length is fixed: the default ends where acceptance becomes unlikely', () => {
    const draft = new FakeModel({ vocabSize: WORDS, law: () => Array.from({ length: WORDS }, (_, word) => (word === 3 ? 0.1 : 0)) })
    const world = { target: model(), draft, gamma: 12, K: 0 }
    const theirs = paper(world, new PaperPool(4), [3, 4])
    expect(theirs.proposed).toBe(12)
    const pool = new PhrasePool()
    const drafter = new OuroborosDrafter(
      { suffixes: 0, branches: 0, directChance: 2, sources: new Set() },
      {
        pool,
        history: new History(pool),
        ...control(0.2),
        drafting: new PhraseDrafting(new CachedSequence(draft.open()), pool, { window: 0, ngram: 4, guesses: 0 }),
        endTokens: new Set(),
      },
    )
    expect(round(world, drafter, [3, 4]).proposed).toBeLessThanOrEqual(1)
  })

  it('evicts by age alone: the default keeps what is of use', () => {
    const theirs = new PaperPool(2)
    theirs.insert(5, [6, 7, 8])
    theirs.insert(5, [1, 1, 1])
    theirs.insert(5, [2, 2, 2])
    expect(theirs.phrases(5)).not.toContainEqual([6, 7, 8])

    const pool = new PhrasePool({ perKey: 2 })
    pool.insert([5, 6, 7, 8], 1, 4, 1, 'history')
    pool.record(pool.find([5], 1, 1)[0] as number, 3, 3)
    pool.insert([5, 1, 1, 1], 1, 4, 1, 'history')
    pool.insert([5, 2, 2, 2], 1, 4, 1, 'history')
    expect(phrases(pool, 5)).toContainEqual([6, 7, 8])
  })
})
