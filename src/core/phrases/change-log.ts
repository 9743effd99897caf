/** What is counted of a phrase. */
export interface Counters {
  readonly seen: number
  readonly tries: number
  readonly hits: number
}

/** Which slots of a pool have changed, and how much of their counters a store has been told. Bounded by the pool. */
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

  /** What has been added to the counters since they were last told. */
  added(slot: number, { seen, tries, hits }: Counters): Counters {
    const before = { seen: this.#seen[slot] as number, tries: this.#tries[slot] as number, hits: this.#hits[slot] as number }
    this.#seen[slot] = seen
    this.#tries[slot] = tries
    this.#hits[slot] = hits
    return { seen: seen - before.seen, tries: Math.max(0, tries - before.tries), hits: Math.max(0, hits - before.hits) }
  }

  /** The store knows of so much more already: it came from there. */
  tell(slot: number, { seen, tries, hits }: Counters): void {
    this.#seen[slot] = Math.min(0xffff, (this.#seen[slot] as number) + seen)
    this.#tries[slot] = (this.#tries[slot] as number) + tries
    this.#hits[slot] = (this.#hits[slot] as number) + hits
  }

  /** The counters that have grown too large were halved. */
  halve(slot: number): void {
    this.#tries[slot] = (this.#tries[slot] as number) >> 1
    this.#hits[slot] = (this.#hits[slot] as number) >> 1
  }

  /** The slot has another phrase now. */
  reset(slot: number): void {
    this.#seen[slot] = 0
    this.#tries[slot] = 0
    this.#hits[slot] = 0
  }
}
