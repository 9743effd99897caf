import type { CachedSequence } from '../core/cached-sequence.ts'
import type { History } from '../core/phrases/history.ts'
import type { Token } from '../core/token.ts'

/** A place for one session at a time; what its last conversation left in the caches is reused. */
export interface Slot {
  readonly text: CachedSequence
  readonly draft: CachedSequence | undefined
  /** What the conversation has taught the phrase pool. */
  history: History
}

/**
 * Gives each request the idle slot that knows most of its prompt. A conversation that goes on finds its own slot; a new one
 * takes the slot that was idle longest and shares what any other slot has of its beginning (a system prompt is read once).
 */
export class Slots {
  /** Idle ones, longest idle first. */
  readonly #idle: Slot[]
  readonly #all: readonly Slot[]

  constructor(slots: readonly Slot[]) {
    this.#all = slots
    this.#idle = [...slots]
  }

  get all(): readonly Slot[] {
    return this.#all
  }

  get idle(): number {
    return this.#idle.length
  }

  /** A slot for this prompt; its caches hold the part of it that any slot has, at most `most` tokens. At least one slot must be idle. */
  take(prompt: readonly Token[], most = Number.POSITIVE_INFINITY): Slot {
    const goesOn = (slot: Slot) => slot.text.common(prompt) * 2 > slot.text.length
    const continued = this.#idle.filter(goesOn)
    const best = continued.reduce<Slot | undefined>((a, b) => (a && a.text.common(prompt) >= b.text.common(prompt) ? a : b), undefined)
    const slot = best ?? this.#idle[0]
    if (!slot) throw new Error('no slot is idle')
    this.#idle.splice(this.#idle.indexOf(slot), 1)
    share(this.#all, slot, prompt)
    slot.text.truncate(most)
    slot.draft?.truncate(most)
    return slot
  }

  /** The session is over; its text stays cached. */
  release(slot: Slot): void {
    this.#idle.push(slot)
  }
}

/** Takes over the longest beginning that another slot has. */
function share(all: readonly Slot[], slot: Slot, prompt: readonly Token[]): void {
  const owner = (of: (one: Slot) => CachedSequence | undefined) =>
    all.map(of).reduce<CachedSequence | undefined>((a, b) => (a && (!b || a.common(prompt) >= b.common(prompt)) ? a : b), undefined)
  const [text, draft] = [owner((one) => one.text), owner((one) => one.draft)]
  if (text && text !== slot.text) slot.text.adopt(text, prompt)
  if (draft && slot.draft && draft !== slot.draft) slot.draft.adopt(draft, prompt)
}
