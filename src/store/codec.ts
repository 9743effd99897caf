import { MAX_KEY, MAX_PHRASE, type Phrase, SOURCES } from '../core/phrases/phrase.ts'
import type { Token } from '../core/token.ts'

/** Bits of a phrase's first byte: length of the key, and whether it is refuted. */
const KEY_BITS = 7
const REFUTED = 8

/** Phrases as bytes, for another thread or machine: numbers in groups of seven bits (LEB128). */
export function encodePhrases(phrases: readonly Phrase[]): Uint8Array<ArrayBuffer> {
  const writer = new Writer()
  for (const { key, tokens, source, seen, tries, hits, refuted } of phrases) {
    writer.number(key.length | (refuted ? REFUTED : 0))
    writer.number(tokens.length)
    writer.number(SOURCES.indexOf(source))
    for (const count of [seen, tries, hits]) writer.number(count)
    for (const token of key) writer.number(token)
    for (const token of tokens) writer.number(token)
  }
  return writer.bytes
}

/** The phrases of `encodePhrases`. Throws RangeError where the bytes are no phrases. */
export function* decodePhrases(bytes: Uint8Array): Generator<Phrase> {
  const reader = new Reader(bytes)
  while (!reader.isAtEnd) {
    const head = reader.number()
    const length = reader.number()
    const source = SOURCES[reader.number()]
    const keySize = head & KEY_BITS
    if (keySize < 1 || keySize > MAX_KEY || length < 1 || length > MAX_PHRASE || source === undefined || head > (KEY_BITS | REFUTED))
      throw new RangeError('these bytes are no phrases')
    const [seen, tries, hits] = reader.numbers(3) as [number, number, number]
    yield { key: reader.numbers(keySize), tokens: reader.numbers(length), source, seen, tries, hits, refuted: (head & REFUTED) !== 0 }
  }
}

/** The numbers of a column. */
export function unpackTokens(bytes: Uint8Array): Token[] {
  const reader = new Reader(bytes)
  const tokens: Token[] = []
  while (!reader.isAtEnd) tokens.push(reader.number())
  return tokens
}

class Writer {
  #buffer = new Uint8Array(256)
  #length = 0

  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#buffer.slice(0, this.#length)
  }

  number(value: number): void {
    if (value < 128 && this.#length < this.#buffer.length) {
      this.#buffer[this.#length++] = value
      return
    }
    if (this.#length + 5 > this.#buffer.length) {
      const larger = new Uint8Array(this.#buffer.length * 2)
      larger.set(this.#buffer)
      this.#buffer = larger
    }
    let rest = value
    while (rest > 127) {
      this.#buffer[this.#length++] = (rest & 127) | 128
      rest >>>= 7
    }
    this.#buffer[this.#length++] = rest
  }
}

class Reader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length
  }

  number(): number {
    let value = 0
    for (let place = 1; place <= 2 ** 28; place *= 128) {
      const byte = this.#bytes[this.#at++]
      if (byte === undefined) break
      if (byte < 128) return value + byte * place
      value += (byte & 127) * place
    }
    throw new RangeError('these bytes are no phrases')
  }

  numbers(count: number): number[] {
    const numbers = new Array<number>(count)
    for (let i = 0; i < count; i++) numbers[i] = this.number()
    return numbers
  }
}
