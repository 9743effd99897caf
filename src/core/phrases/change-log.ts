/** What is counted of a phrase. */
export interface Counters {
  readonly seen: number
  readonly tries: number
  readonly hits: number
}

const LARGEST = 0xffff

/** Which slots of a pool have changed, and what was added to their counters, since a store was last told. Bounded by the pool. */
export class ChangeLog {
  static readonly bytesPerPhrase = 3 * 2 + 1
  readonly #seen: Uint16Array
  readonly #tries: Uint16Array
  readonly #hits: Uint16Array
  readonly #isChanged: Uint8Array
  #changed: number[] = []

  constructor(capacity: number) {
    this.#seen = new Uint16Array(capacity)
    this.#tries = new Uint16Array(capacity)
    this.#hits = new Uint16Array(capacity)
    this.#isChanged = new Uint8Array(capacity)
  }

  touch(slot: number): void {
    if (this.#isChanged[slot] === 1) return
    this.#isChanged[slot] = 1
    this.#changed.push(slot)
  }

  isChanged(slot: number): boolean {
    return this.#isChanged[slot] === 1
  }

  /** The changed slots, which then count as told. */
  take(): number[] {
    const slots = this.#changed
    this.#changed = []
    for (const slot of slots) this.#isChanged[slot] = 0
    return slots
  }

  add(slot: number, seen: number, tries: number, hits: number): void {
    this.#seen[slot] = Math.min(LARGEST, (this.#seen[slot] as number) + seen)
    this.#tries[slot] = Math.min(LARGEST, (this.#tries[slot] as number) + tries)
    this.#hits[slot] = Math.min(LARGEST, (this.#hits[slot] as number) + hits)
  }

  /** What was added since the last call. */
  added(slot: number): Counters {
    const added = { seen: this.#seen[slot] as number, tries: this.#tries[slot] as number, hits: this.#hits[slot] as number }
    this.reset(slot)
    return added
  }

  /** The slot has another phrase now. */
  reset(slot: number): void {
    this.#seen[slot] = 0
    this.#tries[slot] = 0
    this.#hits[slot] = 0
  }
}
