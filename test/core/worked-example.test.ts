import { expect, it } from 'vitest'
import { CachedSequence, drive, PaperDrafter, PaperPool, Sampler, Session, type Token } from '../../src/core/index.ts'
import { FakeModel } from '../../src/testing/index.ts'

/** A model of ten words whose next word depends on the last one only. */
function model(next: readonly Token[]): FakeModel {
  return new FakeModel({ vocabSize: 10, law: (text) => next.map((_, word) => (word === next[text.at(-1) as Token] ? 5 : 0)) })
}

/** Each round of docs/worked-example.md, calculated by hand. */
const ROUNDS = [
  { prefix: 3, draft: [8, 4, 5], suffixes: [], draftPasses: 3, emitted: [8, 4, 5, 6] },
  { prefix: 7, draft: [0, 1, 2], suffixes: [[3, 8, 4]], draftPasses: 1, emitted: [7] },
  { prefix: 8, draft: [8, 4, 5], suffixes: [], draftPasses: 2, emitted: [8, 4, 5, 6] },
  { prefix: 12, draft: [0, 1, 2], suffixes: [[3, 8, 4]], draftPasses: 1, emitted: [7] },
  // The fifth word would be 7; 14 were asked for.
  { prefix: 13, draft: [8, 4, 5], suffixes: [[6, 0, 1]], draftPasses: 1, emitted: [8, 4, 5, 6] },
]
const POOL: [Token, Token[][]][] = [
  [0, [[1, 2, 3]]],
  [1, [[2, 3, 8]]],
  [2, [[3, 8, 4]]],
  [3, [[8, 4, 5]]],
  [
    4,
    [
      [2, 3, 8],
      [5, 6, 0],
    ],
  ],
  [5, [[6, 7, 1]]],
  [
    6,
    [
      [5, 6, 0],
      [0, 1, 2],
    ],
  ],
  [
    7,
    [
      [8, 4, 5],
      [6, 0, 1],
    ],
  ],
  [8, [[4, 5, 6]]],
]

it('the paper preset does what docs/worked-example.md says', () => {
  const target = model([1, 2, 3, 8, 5, 6, 7, 8, 4, 0])
  const draft = model([1, 2, 3, 8, 5, 6, 0, 8, 4, 0])
  const pool = new PaperPool(2)
  const options = { W: 3, N: 4, G: 2, K: 2, gamma: 3, initialWindow: [5, 1, 2, 6] }
  const drafter = new PaperDrafter(new CachedSequence(draft.open()), pool, options, new Set())
  const session = new Session(
    { target: new CachedSequence(target.open()), drafter, sampler: new Sampler(), endTokens: new Set(), maxTokens: 14 },
    [1, 2, 3],
  )
  const rounds = []
  while (!session.finish) {
    const prefix = session.prefix.length
    const before = session.statistics.draftPasses
    const { tokens } = drive(session.step())
    const draftPasses = session.statistics.draftPasses - before
    rounds.push({ prefix, ...drafter.last, draftPasses, emitted: tokens.map(({ token }) => token) })
  }
  expect(rounds).toEqual(ROUNDS)
  expect([...pool.entries()].sort(([a], [b]) => a - b)).toEqual(POOL)
  expect(session.statistics).toMatchObject({ targetPasses: 5, draftPasses: 8 })
})
