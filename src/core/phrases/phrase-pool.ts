import type { PhraseSource, Token } from '../token.ts'
import { ChangeLog } from './change-log.ts'
import { MAX_KEY, MAX_PHRASE, type Phrase, SOURCES } from './phrase.ts'

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
const NONE = -1

/**
 * Key tokens (the last 1 to 4 of a text) → phrases that may follow. One phrase per key and first token: a newer
 * continuation replaces the older in place. Bounded memory in flat arrays; when full, the least useful of a few sampled
 * phrases goes (seldom seen, seldom accepted, long unused), not the oldest. All operations take microseconds
 * whatever the size. A pure data structure; deterministic.
 */
export class PhrasePool {
  /** Key, tokens, counters and links of one phrase. */
  static readonly bytesPerPhrase = (MAX_KEY + MAX_PHRASE) * 4 + 4 + 3 * 2 + 3 * 4 + ChangeLog.bytesPerPhrase
  readonly vocabulary: string
  readonly capacity: number
  /** Hear every phrase that is new or has changed. */
  readonly listeners = new Set<(phrase: Phrase) => void>()
  readonly #perKey: number
  readonly #keys: Int32Array
  readonly #tokens: Int32Array
  readonly #keySizes: Uint8Array
  readonly #lengths: Uint8Array
  readonly #sources: Uint8Array
  readonly #seen: Uint16Array
  readonly #tries: Uint16Array
  readonly #hits: Uint16Array
  readonly #refuted: Uint8Array
  readonly #log: ChangeLog
  readonly #used: Uint32Array
  readonly #next: Int32Array
  readonly #heads: Int32Array
  #size = 0
  #clock = 0
  #sample = 1

  constructor({ vocabulary = '', capacityBytes = 32 * 2 ** 20, perKey = 8 }: PhrasePoolOptions = {}) {
    const capacity = Math.max(EVICTION_SAMPLE, Math.floor(capacityBytes / PhrasePool.bytesPerPhrase))
    this.vocabulary = vocabulary
    this.capacity = capacity
    this.#perKey = perKey
    this.#keys = new Int32Array(capacity * MAX_KEY)
    this.#tokens = new Int32Array(capacity * MAX_PHRASE)
    this.#keySizes = new Uint8Array(capacity)
    this.#lengths = new Uint8Array(capacity)
    this.#sources = new Uint8Array(capacity)
    this.#seen = new Uint16Array(capacity)
    this.#tries = new Uint16Array(capacity)
    this.#hits = new Uint16Array(capacity)
    this.#refuted = new Uint8Array(capacity)
    this.#log = new ChangeLog(capacity)
    this.#used = new Uint32Array(capacity)
    this.#next = new Int32Array(capacity)
    this.#heads = new Int32Array(2 ** Math.ceil(Math.log2(capacity))).fill(NONE)
  }

  /** Phrases held. */
  get size(): number {
    return this.#size
  }

  /**
   * Remembers that `text[at...]` followed the `keySize` tokens before it (up to `MAX_PHRASE` tokens). A known
   * continuation is refreshed: counted, and replaced by the newer tokens if these reach as far.
   */
  insert(text: readonly Token[], at: number, end: number, keySize: number, source: PhraseSource, count = 1): void {
    const length = Math.min(end - at, MAX_PHRASE)
    if (length < 1 || at < keySize) return
    const slot = this.#slotOf(text, at, keySize, count)
    this.#log.touch(slot)
    // What the draft model found is no answer to what the target refuted.
    if (source !== 'window') this.#refuted[slot] = 0
    if (this.#write(slot, text, at, length, source)) for (const hear of this.listeners) hear(this.phrase(slot))
  }

  /** The slot of this key and first token, `count` times more often seen. */
  #slotOf(text: readonly Token[], at: number, keySize: number, count: number): number {
    const bucket = this.#bucket(text, at, keySize)
    let slot = NONE
    let siblings = 0
    let weakest = NONE
    for (let other = this.#heads[bucket] as number; other !== NONE; other = this.#next[other] as number) {
      if (!this.#hasKey(other, text, at, keySize)) continue
      if (this.#tokens[other * MAX_PHRASE] === text[at]) slot = other
      siblings++
      if (weakest === NONE || this.#worth(other) < this.#worth(weakest)) weakest = other
    }
    if (slot !== NONE) {
      this.#seen[slot] = Math.min(0xffff, (this.#seen[slot] as number) + count)
    } else {
      slot = siblings >= this.#perKey ? this.#unlink(weakest) : this.#freeSlot()
      this.#link(slot, bucket, text, at, keySize, count)
    }
    this.#used[slot] = ++this.#clock
    return slot
  }

  /** Puts a phrase's newer tokens into its slot; false: they say nothing new. */
  #write(slot: number, text: readonly Token[], at: number, length: number, source: PhraseSource): boolean {
    const isSame = this.#startsWith(slot, text, at, length)
    if (isSame && length < (this.#lengths[slot] as number)) return false // a shorter look at the same phrase
    const isKnown = isSame && length === this.#lengths[slot]
    for (let i = 0; i < length; i++) this.#tokens[slot * MAX_PHRASE + i] = text[at + i] as number
    this.#lengths[slot] = length
    this.#sources[slot] = SOURCES.indexOf(source)
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
    const found: PhraseId[] = []
    for (let slot = this.#heads[this.#bucket(text, end, keySize)] as number; slot !== NONE; slot = this.#next[slot] as number) {
      if (this.#hasKey(slot, text, end, keySize)) found.push(slot)
    }
    return found.sort((a, b) => this.#worth(b) - this.#worth(a) || (this.#used[b] as number) - (this.#used[a] as number))
  }

  length(id: PhraseId): number {
    return this.#lengths[id] as number
  }

  token(id: PhraseId, i: number): Token {
    return this.#tokens[id * MAX_PHRASE + i] as Token
  }

  seen(id: PhraseId): number {
    return this.#seen[id] as number
  }

  phrase(id: PhraseId): Phrase {
    const keySize = this.#keySizes[id] as number
    return {
      key: [...this.#keys.subarray(id * MAX_KEY, id * MAX_KEY + keySize)],
      tokens: [...this.#tokens.subarray(id * MAX_PHRASE, id * MAX_PHRASE + this.length(id))],
      source: SOURCES[this.#sources[id] as number] as PhraseSource,
      seen: this.seen(id),
      tries: this.#tries[id] as number,
      hits: this.#hits[id] as number,
      refuted: this.isRefuted(id),
    }
  }

  /** Hears how many tokens of a phrase were put to the target and how many it accepted. */
  record(id: PhraseId, tried: number, accepted: number): void {
    this.#count(id, tried, accepted)
    this.#used[id] = ++this.#clock
    this.#log.touch(id)
  }

  #count(id: PhraseId, tried: number, accepted: number): void {
    if ((this.#tries[id] as number) + tried > 0xffff) {
      for (const counter of [this.#tries, this.#hits]) counter[id] = (counter[id] as number) >> 1
      this.#log.halve(id)
    }
    this.#tries[id] = (this.#tries[id] as number) + tried
    this.#hits[id] = (this.#hits[id] as number) + accepted
  }

  /** The target said something else behind the key: the phrase is kept but not offered until its first token is seen there again. */
  refute(id: PhraseId): void {
    this.#refuted[id] = 1
    this.#log.touch(id)
  }

  isRefuted(id: PhraseId): boolean {
    return this.#refuted[id] === 1
  }

  /** Forgets everything. */
  clear(): void {
    this.#heads.fill(NONE)
    this.#size = 0
    this.#log.take()
  }

  /** All phrases. */
  *entries(): Generator<Phrase> {
    for (let id = 0; id < this.#size; id++) yield this.phrase(id)
  }

  /** Phrases that are new or have changed since the last call, for a store: their counters are what was added since. */
  changes(): Phrase[] {
    return this.#log.take().map((id) => {
      const phrase = this.phrase(id)
      return { ...phrase, ...this.#log.added(id, phrase) }
    })
  }

  /**
   * Takes in what a store knows; counters add up, so that replicas can merge in any order. It is no change of this pool's own,
   * and what this pool has learned since is not overwritten.
   */
  restore({ key, tokens, source, seen, tries, hits, refuted }: Phrase): void {
    if (tokens.length === 0) return
    const text = [...key, ...tokens]
    const slot = this.#slotOf(text, key.length, key.length, seen)
    this.#count(slot, tries, hits)
    this.#log.tell(slot, { seen, tries, hits })
    if (this.#log.isChanged(slot) && this.length(slot) > 0) return
    this.#write(slot, text, key.length, tokens.length, source)
    this.#refuted[slot] = refuted ? 1 : 0
  }

  // --- internal ---

  /** How much a phrase is worth keeping: seen often, accepted often. */
  #worth(slot: number): number {
    if (this.#refuted[slot] === 1) return 0
    return ((this.#seen[slot] as number) + 4 * (this.#hits[slot] as number)) / (4 + (this.#tries[slot] as number))
  }

  #bucket(text: readonly Token[], at: number, keySize: number): number {
    let hash = keySize
    for (let i = at - keySize; i < at; i++) hash = Math.imul(hash ^ (text[i] as number), 0x9e3779b1) ^ (hash >>> 15)
    hash ^= hash >>> 16
    return (Math.imul(hash, 0x85ebca6b) >>> 8) & (this.#heads.length - 1)
  }

  #hasKey(slot: number, text: readonly Token[], at: number, keySize: number): boolean {
    if (this.#keySizes[slot] !== keySize) return false
    for (let i = 0; i < keySize; i++) if (this.#keys[slot * MAX_KEY + i] !== text[at - keySize + i]) return false
    return true
  }

  #startsWith(slot: number, text: readonly Token[], at: number, length: number): boolean {
    for (let i = 0; i < length; i++) if (this.#tokens[slot * MAX_PHRASE + i] !== text[at + i]) return false
    return true
  }

  #link(slot: number, bucket: number, text: readonly Token[], at: number, keySize: number, count: number): void {
    for (let i = 0; i < keySize; i++) this.#keys[slot * MAX_KEY + i] = text[at - keySize + i] as number
    this.#keySizes[slot] = keySize
    this.#lengths[slot] = 0
    this.#seen[slot] = count
    this.#tries[slot] = 0
    this.#hits[slot] = 0
    this.#refuted[slot] = 0
    this.#log.reset(slot)
    this.#next[slot] = this.#heads[bucket] as number
    this.#heads[bucket] = slot
  }

  #freeSlot(): number {
    if (this.#size < this.capacity) return this.#size++
    let victim = NONE
    let least = Number.POSITIVE_INFINITY
    for (let i = 0; i < EVICTION_SAMPLE; i++) {
      this.#sample = (Math.imul(this.#sample, 1664525) + 1013904223) >>> 0
      const slot = Math.floor((this.#sample / 2 ** 32) * this.capacity)
      const value = (0.25 + this.#worth(slot)) / (1 + this.#clock - (this.#used[slot] as number))
      if (value < least) {
        least = value
        victim = slot
      }
    }
    return this.#unlink(victim)
  }

  /** Takes a phrase out of its bucket; its slot can be used again. */
  #unlink(slot: number): number {
    const keySize = this.#keySizes[slot] as number
    const key = [...this.#keys.subarray(slot * MAX_KEY, slot * MAX_KEY + keySize)]
    const bucket = this.#bucket(key, keySize, keySize)
    if (this.#heads[bucket] === slot) {
      this.#heads[bucket] = this.#next[slot] as number
      return slot
    }
    let at = this.#heads[bucket] as number
    while (this.#next[at] !== slot) at = this.#next[at] as number
    this.#next[at] = this.#next[slot] as number
    return slot
  }
}
