import { describe, expect, it } from 'vitest'
import type { Verdict } from '../../src/core/drafter.ts'
import { PhrasePool, ROOT, type Token, TokenTree } from '../../src/core/index.ts'
import { judgePhrase, lostToSurer } from '../../src/core/phrases/correct.ts'

/** Behind 1: first the token 2, and beside it the phrase 3, which the pool knows. The target wrote `written`. */
function world(written: Token) {
  const pool = new PhrasePool()
  pool.insert([1, 3], 1, 2, 1, 'history')
  const proposal = new TokenTree()
  const sure = proposal.add(ROOT, 2)
  const side = proposal.add(ROOT, 3)
  const accepted = [sure, side].filter((node) => proposal.token(node) === written)
  const verdict: Verdict = {
    prefix: [1, written],
    before: 1,
    emitted: [written],
    accepted,
    proposal,
    draftWidths: [],
    targetArgmax: () => written,
  }
  const judge = () => {
    judgePhrase({ pool, parent: ROOT, keySize: 1, nodes: [side] }, [1], verdict, new Set(accepted))
    const [id] = pool.find([1], 1, 1)
    return pool.phrase(id as number)
  }
  return { proposal, sure, side, accepted: new Set(accepted), judge }
}

describe('a phrase beside a surer token', () => {
  it('is not put to the test where the surer one is right', () => {
    const { proposal, sure, side, accepted, judge } = world(2)
    expect([sure, side].map((node) => lostToSurer(node, proposal, accepted))).toEqual([false, true])
    expect(judge()).toMatchObject({ tries: 0, hits: 0, refuted: false })
  })

  it('counts as tried where the surer one is wrong: accepted', () => {
    const { proposal, sure, side, accepted, judge } = world(3)
    expect([sure, side].map((node) => lostToSurer(node, proposal, accepted))).toEqual([false, false])
    expect(judge()).toMatchObject({ tries: 1, hits: 1, refuted: false })
  })

  it('counts as tried where the surer one is wrong: refused as well', () => {
    const { proposal, side, accepted, judge } = world(4)
    expect(lostToSurer(side, proposal, accepted)).toBe(false)
    expect(judge()).toMatchObject({ tries: 1, hits: 0, refuted: true })
  })
})
