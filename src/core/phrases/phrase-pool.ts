import type { PhraseSource, Token } from '../token.ts'
import { ChangeLog } from './change-log.ts'
import { MAX_KEY, MAX_PHRASE, type Phrase, SOURCES } from './phrase.ts'
import { NONE, PhraseTable } from './phrase-table.ts'

export interface PhrasePoolOptions {
  /** Identity of the vocabulary: phrases of another one mean nothing. */
  readonly vocabulary?: string
  /** Memory for phrases, in bytes; a phrase takes `PhrasePool.bytesPerPhrase`. Default 32 MiB. */
  readonly capacityBytes?: number
  /** Different first tokens kept per key. Default 8. */
  readonly perKey?: number
}

/** Handle of a phrase; valid until the next insertion. */
export type PhraseId = number

export { MAX_KEY, MAX_PHRASE, type Phrase } from './phrase.ts'

/** Slots looked at to find one worth giving up. */
const EVICTION_SAMPLE = 8
const LARGEST = 0xffff

/**
 * Key tokens (the last 1 to 4 of a text) → phrases that may follow. One phrase per key and first token: a newer
 * continuation replaces the older in place. Bounded memory in flat arrays; when full, the least useful of a few sampled
 * phrases goes (seldom seen, seldom accepted, long unused), not the oldest. All operations take microseconds
 * whatever the size. A pure data structure; deterministic.
 */
export class PhrasePool {
  /** In the table, and what was added that a store was not told. */
  static readonly bytesPerPhrase = PhraseTable.bytesPerPhrase + ChangeLog.bytesPerPhrase
  readonly vocabulary: string
  /** Hear every phrase that is new or has changed. */
  readonly listeners = new Set<(phrase: Phrase) => void>()
  readonly #perKey: number
  #table: PhraseTable
  #log: ChangeLog
  #sample = 1

  constructor({ vocabulary = '', capacityBytes = 32 * 2 ** 20, perKey = 8 }: PhrasePoolOptions = {}) {
    this.vocabulary = vocabulary
    this.#perKey = perKey
    this.#table = new PhraseTable(Math.max(EVICTION_SAMPLE, Math.floor(capacityBytes / PhrasePool.bytesPerPhrase)))
    this.#log = new ChangeLog(this.capacity)
  }

  /** Phrases held at most. */
  get capacity(): number {
    return this.#table.capacity
  }

  /** Phrases held. */
  get size(): number {
    return this.#table.size
  }

  /** What the pool stands on, to be handed over to another one. */
  get table(): PhraseTable {
    return this.#table
  }

  /**
   * Remembers that `text[at...]` followed the `keySize` tokens before it (up to `MAX_PHRASE` tokens). A known
   * continuation is refreshed: counted, and replaced by the newer tokens if these reach as far.
   */
  insert(text: readonly Token[], at: number, end: number, keySize: number, source: PhraseSource, count = 1): void {
    const length = Math.min(end - at, MAX_PHRASE)
    if (length < 1 || at < keySize) return
    const slot = this.#slotOf(text, at, keySize)
    this.#count(slot, count, 0, 0)
    this.#log.add(slot, count, 0, 0)
    this.#log.touch(slot)
    // What the draft model found is no answer to what the target refuted.
    if (source !== 'window') this.#table.refuted[slot] = 0
    if (this.#write(slot, text, at, length, source)) for (const hear of this.listeners) hear(this.phrase(slot))
  }

  /** The slot of this key and first token, used now. */
  #slotOf(text: readonly Token[], at: number, keySize: number): number {
    const table = this.#table
    let slot = NONE
    let siblings = 0
    let weakest = NONE
    for (let other = table.first(text, at, keySize); other !== NONE; other = table.after(other)) {
      if (!table.hasKey(other, text, at, keySize)) continue
      if (table.token(other, 0) === text[at]) slot = other
      siblings++
      if (weakest === NONE || table.worth(other) < table.worth(weakest)) weakest = other
    }
    if (slot === NONE) {
      slot = siblings >= this.#perKey ? table.unlink(weakest) : this.#freeSlot()
      table.link(slot, text, at, keySize)
      this.#log.reset(slot)
    }
    table.used[slot] = ++table.clock
    return slot
  }

  /** Puts a phrase's newer tokens into its slot; false: they say nothing new. */
  #write(slot: number, text: readonly Token[], at: number, length: number, source: PhraseSource): boolean {
    const table = this.#table
    const isSame = table.startsWith(slot, text, at, length)
    if (isSame && length < (table.lengths[slot] as number)) return false // a shorter look at the same phrase
    const isKnown = isSame && length === table.lengths[slot]
    table.setTokens(slot, text, at, length)
    table.sources[slot] = SOURCES.indexOf(source)
    return !isKnown
  }

  /** Inserts what follows every position of `text[from..to)` under every key size; later tokens may lie up to `end`. */
  learn(text: readonly Token[], from: number, to: number, source: PhraseSource, end = text.length, count = 1): void {
    for (let at = from; at < to; at++) {
      for (let keySize = 1; keySize <= MAX_KEY; keySize++) this.insert(text, at, end, keySize, source, count)
    }
  }

  /** Phrases that followed the last `keySize` tokens of `text[0..end)`, most useful first. */
  find(text: readonly Token[], end: number, keySize: number): PhraseId[] {
    const table = this.#table
    const found: PhraseId[] = []
    for (let slot = table.first(text, end, keySize); slot !== NONE; slot = table.after(slot)) {
      if (table.hasKey(slot, text, end, keySize)) found.push(slot)
    }
    return found.sort((a, b) => table.worth(b) - table.worth(a) || (table.used[b] as number) - (table.used[a] as number))
  }

  length(id: PhraseId): number {
    return this.#table.lengths[id] as number
  }

  token(id: PhraseId, i: number): Token {
    return this.#table.token(id, i)
  }

  seen(id: PhraseId): number {
    return this.#table.seen[id] as number
  }

  phrase(id: PhraseId): Phrase {
    return this.#table.phrase(id)
  }

  /** Hears how many tokens of a phrase were put to the target and how many it accepted. */
  record(id: PhraseId, tried: number, accepted: number): void {
    this.#count(id, 0, tried, accepted)
    this.#table.used[id] = ++this.#table.clock
    this.#log.add(id, 0, tried, accepted)
    this.#log.touch(id)
  }

  #count(slot: number, seen: number, tried: number, accepted: number): void {
    const table = this.#table
    if ((table.tries[slot] as number) + tried > LARGEST)
      for (const counter of [table.tries, table.hits]) counter[slot] = (counter[slot] as number) >> 1
    table.seen[slot] = Math.min(LARGEST, (table.seen[slot] as number) + seen)
    table.tries[slot] = (table.tries[slot] as number) + tried
    table.hits[slot] = (table.hits[slot] as number) + accepted
  }

  /** The target said something else behind the key: the phrase is kept but not offered until its first token is seen there again. */
  refute(id: PhraseId): void {
    this.#table.refuted[id] = 1
    this.#log.touch(id)
  }

  isRefuted(id: PhraseId): boolean {
    return this.#table.refuted[id] === 1
  }

  /** Forgets everything. */
  clear(): void {
    this.#table.clear()
    this.#log.take()
  }

  /** All phrases. */
  *entries(): Generator<Phrase> {
    for (let id = 0; id < this.size; id++) yield this.phrase(id)
  }

  /** Phrases that are new or have changed since the last call, for a store: their counters are what was added since. */
  changes(): Phrase[] {
    return this.#log.take().map((id) => ({ ...this.phrase(id), ...this.#log.added(id) }))
  }

  /**
   * Takes in what a store knows; counters add up, so that replicas can merge in any order. It is no change of this pool's own,
   * and what this pool has learned since is not overwritten. Returns its place; undefined: without tokens it is no phrase.
   */
  restore({ key, tokens, source, seen, tries, hits, refuted }: Phrase): PhraseId | undefined {
    if (tokens.length === 0) return undefined
    const text = [...key, ...tokens]
    const slot = this.#slotOf(text, key.length, key.length)
    this.#count(slot, seen, tries, hits)
    if (this.#log.isChanged(slot) && this.length(slot) > 0) return slot
    this.#write(slot, text, key.length, tokens.length, source)
    this.#table.refuted[slot] = refuted ? 1 : 0
    return slot
  }

  /**
   * Stands on a store's table from now on. What this pool knew moves into it, a phrase per step: the caller says when.
   */
  *adopt(table: PhraseTable): Generator<void> {
    const [before, log] = [this.#table, this.#log]
    this.#table = table
    this.#log = new ChangeLog(table.capacity)
    for (let old = 0; old < before.size; old++) {
      const own = before.phrase(old)
      const isChange = log.isChanged(old)
      const slot = this.restore(own)
      if (isChange && slot !== undefined) {
        const { seen, tries, hits } = log.added(old)
        this.#log.add(slot, seen, tries, hits)
        this.#log.touch(slot)
      }
      yield
    }
  }

  /** A slot that no chain has; in a full pool the least useful of a few goes. */
  #freeSlot(): number {
    const table = this.#table
    if (table.size < table.capacity) return table.size++
    let victim = NONE
    let least = Number.POSITIVE_INFINITY
    for (let i = 0; i < EVICTION_SAMPLE; i++) {
      this.#sample = (Math.imul(this.#sample, 1664525) + 1013904223) >>> 0
      const slot = Math.floor((this.#sample / 2 ** 32) * table.capacity)
      const value = (0.25 + table.worth(slot)) / (1 + table.clock - (table.used[slot] as number))
      if (value < least) {
        least = value
        victim = slot
      }
    }
    return table.unlink(victim)
  }
}
