import { describe, expect, it } from 'vitest'
import { CachedSequence, drive, History, PhrasePool, Sampler, Session, TokenTree, VanillaDrafter } from '../../src/core/index.ts'
import { type Slot, Slots } from '../../src/runtime/slots.ts'
import { FakeModel } from '../../src/testing/index.ts'

const SYSTEM = Array.from({ length: 20 }, (_, i) => i)

function slotsOf(count: number) {
  const model = new FakeModel()
  const pool = new PhrasePool({ capacityBytes: 10_000 })
  const slot = (): Slot => ({ text: new CachedSequence(model.open()), draft: new CachedSequence(model.open()), history: new History(pool) })
  return { model, slots: new Slots(Array.from({ length: count }, slot)) }
}

/** Answers a prompt in the slot; returns the tokens of the prompt that were cached, and the whole text. */
function answerIn(slots: Slots, prompt: readonly number[]) {
  const slot = slots.take(prompt)
  const options = { target: slot.text, drafter: new VanillaDrafter(), sampler: new Sampler(), endTokens: new Set<number>(), maxTokens: 5 }
  const session = new Session(options, prompt)
  while (!session.finish) drive(session.step())
  slots.release(slot)
  return { slot, cached: session.cachedTokens, text: session.prefix }
}

describe('slots', () => {
  it('a conversation that goes on finds its own slot', () => {
    const { slots } = slotsOf(3)
    const first = answerIn(slots, [...SYSTEM, 30, 31])
    const other = answerIn(slots, [50, 51, 52, 53, 54, 55, 56])
    const again = answerIn(slots, [...first.text, 40])
    expect(again.slot).toBe(first.slot)
    expect(other.slot).not.toBe(first.slot)
    // The answer's last token was emitted but never sent.
    expect(again.cached).toBe(first.text.length - 1)
  })

  it('another conversation takes another slot and shares the system prompt, which is not computed again', () => {
    const { model, slots } = slotsOf(2)
    const first = answerIn(slots, [...SYSTEM, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50])
    const before = model.nodes
    const second = answerIn(slots, [...SYSTEM, 60])
    expect(second.slot).not.toBe(first.slot)
    expect(second.cached).toBe(SYSTEM.length)
    expect(model.nodes - before).toBe(5)
    expect(first.slot.text.length).toBe(45)
  })

  it('a slot that is busy shares as well, and its text stays its own', () => {
    const { slots } = slotsOf(2)
    const first = answerIn(slots, [...SYSTEM, 30])
    const busy = slots.take([...first.text, 1])
    expect(busy).toBe(first.slot)
    const second = answerIn(slots, [...SYSTEM, 61])
    expect(second.cached).toBe(SYSTEM.length)
    expect(busy.text.common([...first.text, 1])).toBe(first.text.length - 1)
  })

  it('what is idle longest is given up first', () => {
    const { slots } = slotsOf(2)
    const [first, second] = [answerIn(slots, [1, 2, 3]), answerIn(slots, [11, 12, 13])]
    expect(answerIn(slots, [21, 22, 23]).slot).toBe(first.slot)
    expect(answerIn(slots, [31, 32, 33]).slot).toBe(second.slot)
    expect(slots.idle).toBe(2)
  })

  it('of a prompt that is asked again as many tokens stay as are wanted, in both caches', () => {
    const { slots } = slotsOf(2)
    const first = answerIn(slots, [...SYSTEM, 30])
    const draft = first.slot.draft as CachedSequence
    const tree = TokenTree.chain(first.text)
    draft.cache.model.forward([{ cache: draft.cache, tree }])
    draft.commit(tree, tree.size - 1)
    const again = slots.take([...SYSTEM, 30], SYSTEM.length)
    expect(again).toBe(first.slot)
    expect([again.text.common(first.text), draft.common(first.text)]).toEqual([SYSTEM.length, SYSTEM.length])
    slots.release(again)
    expect(slots.take([...SYSTEM, 30], 0).text.length).toBe(0)
    expect(draft.length).toBe(0)
  })
})
