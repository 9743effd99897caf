import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { History, PhrasePool, type Token } from '../../src/core/index.ts'
import { Alignment } from '../../src/core/phrases/alignment.ts'
import { runs } from './runs.ts'

const ORIGINAL = Array.from({ length: 60 }, (_, i) => i)
const copy = (...edit: Token[]) => [...ORIGINAL.slice(0, 20), ...edit]
/** A text and its copy with four edits behind which it goes on: before, nothing is said. */
const EXAMPLE = [...ORIGINAL, ...ORIGINAL.map((token) => (token % 14 === 13 ? 1000 : token))].map((token) => token + 500)

/** Where each token of `copy`, written behind `original`, says that the text may go on. */
function read(original: readonly Token[], copy: readonly Token[]): number[][] {
  const alignment = new Alignment()
  const text = [...EXAMPLE, ...original, ...copy]
  const all = text.map((_, i) => alignment.next(text, i).map((at) => at - EXAMPLE.length))
  return all.slice(-copy.length)
}

describe('Alignment', () => {
  it('a copy without edits says nothing', () => {
    expect(read(ORIGINAL, ORIGINAL).flat()).toEqual([])
  })
  it('behind a token that replaces one the copy goes on, and behind one that was put in', () => {
    expect(read(ORIGINAL, copy(100)).at(-1)).toEqual([20, 21])
    expect(read(ORIGINAL, copy(100, 101)).at(-1)).toEqual([21, 22])
    expect(read(ORIGINAL, copy(100, 101, 102)).at(-1)).toEqual([])
    expect(read(ORIGINAL, copy(100, 21, 22, 101)).at(-1)).toEqual([23, 24])
  })
  it('says nothing where the copy did not go on before', () => {
    const alignment = new Alignment()
    const text = [...ORIGINAL, ...copy(100, 101, 102, 103), ...ORIGINAL.slice(0, 30), 100]
    expect(text.flatMap((_, i) => alignment.next(text, i))).toEqual([])
  })
  it('what was left out is left behind', () => {
    expect(read(ORIGINAL, copy(23)).at(-1)).toEqual([21, 24])
  })
  it('a few tokens that are equal by chance are no copy', () => {
    expect(read(ORIGINAL, [5, 6, 7, 8, 9, 100]).flat()).toEqual([])
  })
  it('positions lie in the text that there was, whatever it is', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 3 }), { maxLength: 200 }), (text) => {
        const alignment = new Alignment()
        for (let i = 0; i < text.length; i++) for (const at of alignment.next(text, i)) expect(at >= 0 && at <= i).toBe(true)
      }),
      runs(200),
    )
  })
})

it('History: what followed the original follows the edited copy, for this request only', () => {
  const pool = new PhrasePool()
  const history = new History(pool)
  const prompt = [...EXAMPLE, ...ORIGINAL, 200]
  history.begin(prompt)
  history.extend([...prompt, ...copy(100)])
  const text = [...prompt, ...copy(100)]
  const found = history.local.find(text, text.length, 4).map((id) => history.local.phrase(id).tokens)
  expect(found[0]).toEqual(ORIGINAL.slice(21, 37))
  expect(pool.find(text, text.length, 4)).toEqual([])
})
