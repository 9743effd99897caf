import type { PhraseSource, Token } from '../token.ts'
import { MAX_KEY, MAX_PHRASE, type Phrase, SOURCES } from './phrase.ts'

/** A table on its way to another thread; the buffer is moved, not copied. */
export interface TableImage {
  readonly buffer: ArrayBuffer
  readonly capacity: number
  readonly size: number
  readonly clock: number
}

export const NONE = -1

/**
 * Phrases by key in flat arrays, all in one buffer: a million phrases change threads at once. One phrase per slot; slots of one hash are
 * chained. No policy: which phrases are kept is the pool's business.
 */
export class PhraseTable {
  /** Key, tokens, counters, links of one phrase. */
  static readonly bytesPerPhrase = (MAX_KEY + MAX_PHRASE) * 4 + 3 * 4 + 3 * 2 + 4
  readonly capacity: number
  readonly seen: Uint16Array
  readonly tries: Uint16Array
  readonly hits: Uint16Array
  readonly refuted: Uint8Array
  /** Numbers of SOURCES. */
  readonly sources: Uint8Array
  readonly lengths: Uint8Array
  /** Time of last use, by the clock. */
  readonly used: Uint32Array
  readonly #buffer: ArrayBuffer
  readonly #keys: Int32Array
  readonly #tokens: Int32Array
  readonly #keySizes: Uint8Array
  readonly #next: Int32Array
  readonly #heads: Int32Array
  size = 0
  clock = 0

  constructor(from: number | TableImage) {
    const isNew = typeof from === 'number'
    const capacity = isNew ? from : from.capacity
    const buckets = 2 ** Math.ceil(Math.log2(capacity))
    const perSlot = PhraseTable.bytesPerPhrase - 4
    const buffer = isNew ? new ArrayBuffer(capacity * perSlot + buckets * 4) : from.buffer
    let at = 0
    const place = (count: number, size: number) => {
      at += count * size
      return [buffer, at - count * size, count] as const
    }
    this.capacity = capacity
    this.#buffer = buffer
    this.#heads = new Int32Array(...place(buckets, 4))
    this.#keys = new Int32Array(...place(capacity * MAX_KEY, 4))
    this.#tokens = new Int32Array(...place(capacity * MAX_PHRASE, 4))
    this.#next = new Int32Array(...place(capacity, 4))
    this.used = new Uint32Array(...place(capacity, 4))
    this.seen = new Uint16Array(...place(capacity, 2))
    this.tries = new Uint16Array(...place(capacity, 2))
    this.hits = new Uint16Array(...place(capacity, 2))
    this.refuted = new Uint8Array(...place(capacity, 1))
    this.sources = new Uint8Array(...place(capacity, 1))
    this.lengths = new Uint8Array(...place(capacity, 1))
    this.#keySizes = new Uint8Array(...place(capacity, 1))
    if (isNew) this.#heads.fill(NONE)
    else {
      this.size = from.size
      this.clock = from.clock
    }
  }

  /** The table for another thread: it must not be used here any more once the buffer is moved. */
  get image(): TableImage {
    return { buffer: this.#buffer, capacity: this.capacity, size: this.size, clock: this.clock }
  }

  clear(): void {
    this.#heads.fill(NONE)
    this.size = 0
  }

  token(slot: number, i: number): Token {
    return this.#tokens[slot * MAX_PHRASE + i] as Token
  }

  phrase(slot: number): Phrase {
    return {
      key: this.#key(slot),
      tokens: slice(this.#tokens, slot * MAX_PHRASE, this.lengths[slot] as number),
      source: SOURCES[this.sources[slot] as number] as PhraseSource,
      seen: this.seen[slot] as number,
      tries: this.tries[slot] as number,
      hits: this.hits[slot] as number,
      refuted: this.refuted[slot] === 1,
    }
  }

  /** How much a phrase is worth keeping: seen often, accepted often. */
  worth(slot: number): number {
    if (this.refuted[slot] === 1) return 0
    return ((this.seen[slot] as number) + 4 * (this.hits[slot] as number)) / (4 + (this.tries[slot] as number))
  }

  /** First slot that may have the key of the `keySize` tokens before `text[at]`; NONE = none. */
  first(text: readonly Token[], at: number, keySize: number): number {
    return this.#heads[this.#bucket(text, at, keySize)] as number
  }

  /** The slot behind `slot` in its chain. */
  after(slot: number): number {
    return this.#next[slot] as number
  }

  hasKey(slot: number, text: readonly Token[], at: number, keySize: number): boolean {
    if (this.#keySizes[slot] !== keySize) return false
    for (let i = 0; i < keySize; i++) if (this.#keys[slot * MAX_KEY + i] !== text[at - keySize + i]) return false
    return true
  }

  startsWith(slot: number, text: readonly Token[], at: number, length: number): boolean {
    for (let i = 0; i < length; i++) if (this.#tokens[slot * MAX_PHRASE + i] !== text[at + i]) return false
    return true
  }

  setTokens(slot: number, text: readonly Token[], at: number, length: number): void {
    for (let i = 0; i < length; i++) this.#tokens[slot * MAX_PHRASE + i] = text[at + i] as number
    this.lengths[slot] = length
  }

  /** The slot gets a key, and has no tokens yet. */
  link(slot: number, text: readonly Token[], at: number, keySize: number): void {
    for (let i = 0; i < keySize; i++) this.#keys[slot * MAX_KEY + i] = text[at - keySize + i] as number
    this.#keySizes[slot] = keySize
    this.lengths[slot] = 0
    this.seen[slot] = 0
    this.tries[slot] = 0
    this.hits[slot] = 0
    this.refuted[slot] = 0
    const bucket = this.#bucket(text, at, keySize)
    this.#next[slot] = this.#heads[bucket] as number
    this.#heads[bucket] = slot
  }

  /** Takes a phrase out of its chain; its slot can be used again. */
  unlink(slot: number): number {
    const key = this.#key(slot)
    const bucket = this.#bucket(key, key.length, key.length)
    if (this.#heads[bucket] === slot) {
      this.#heads[bucket] = this.#next[slot] as number
      return slot
    }
    let at = this.#heads[bucket] as number
    while (this.#next[at] !== slot) at = this.#next[at] as number
    this.#next[at] = this.#next[slot] as number
    return slot
  }

  #key(slot: number): Token[] {
    return slice(this.#keys, slot * MAX_KEY, this.#keySizes[slot] as number)
  }

  #bucket(text: readonly Token[], at: number, keySize: number): number {
    let hash = keySize
    for (let i = at - keySize; i < at; i++) hash = Math.imul(hash ^ (text[i] as number), 0x9e3779b1) ^ (hash >>> 15)
    hash ^= hash >>> 16
    return (Math.imul(hash, 0x85ebca6b) >>> 8) & (this.#heads.length - 1)
  }
}

/** A million times: a spread takes four times as long. */
function slice(tokens: Int32Array, at: number, length: number): Token[] {
  const taken = new Array<Token>(length)
  for (let i = 0; i < length; i++) taken[i] = tokens[at + i] as Token
  return taken
}
