import { OuroborosError } from '../core/errors.ts'
import type { Constraint } from '../core/sampling/sampler.ts'
import type { Token } from '../core/token.ts'
import { Matcher, type State, tooAmbiguous } from './matcher.ts'
import type { TokenTrie } from './token-trie.ts'
import { beginReading, type Reading, readByte } from './utf8.ts'

/** Nodes of the grammar looked at for one token or mask: about half a second. */
const MAX_WORK = 1_000_000
const MASKS = 256

/** A grammar for the tokens of one vocabulary; what it has found out about its states serves every text. */
export class TokenGrammar {
  readonly matcher: Matcher
  readonly trie: TokenTrie
  readonly endTokens: ReadonlySet<Token>
  /** As long as the matcher remembers the state. */
  #masks = new WeakMap<State, Uint8Array>()
  #count = 0

  /** Throws E_GRAMMAR. */
  constructor(grammar: string, trie: TokenTrie, endTokens: ReadonlySet<Token>) {
    this.matcher = new Matcher(grammar)
    this.trie = trie
    this.endTokens = endTokens
  }

  /** The reading behind this token; undefined = it is not allowed. */
  read(reading: Reading, token: Token): Reading | undefined {
    const bytes = this.trie.bytes(token)
    if (bytes.length === 0) return undefined
    const begin = this.matcher.work
    let next: Reading | undefined = reading
    for (let i = 0; next && i < bytes.length; i++) next = this.#readByte(next, bytes[i] as number, begin)
    return next
  }

  /** A bit per token, set where it may come next. */
  mask(reading: Reading): Uint8Array {
    const cached = reading.missing === 0 ? this.#masks.get(reading.state) : undefined
    if (cached) return cached
    const { byte, depth, after, first, tokens } = this.trie
    const mask = new Uint8Array((this.trie.size + 7) >> 3)
    const allow = (token: Token) => {
      mask[token >> 3] = (mask[token >> 3] as number) | (1 << (token & 7))
    }
    const begin = this.matcher.work
    const readings = [reading]
    for (let node = 0; node < byte.length; ) {
      const level = depth[node] as number
      const next = this.#readByte(readings[level] as Reading, byte[node] as number, begin)
      if (!next) {
        node = after[node] as number
        continue
      }
      readings[level + 1] = next
      for (let i = first[node] as number; i < (first[node + 1] as number); i++) allow(tokens[i] as number)
      node++
    }
    if (reading.state.mayEnd && reading.missing === 0) for (const token of this.endTokens) allow(token)
    if (reading.missing > 0) return mask
    if (++this.#count > MASKS) {
      this.#masks = new WeakMap()
      this.#count = 1
    }
    this.#masks.set(reading.state, mask)
    return mask
  }

  #readByte(reading: Reading, byte: number, begin: number): Reading | undefined {
    if (this.matcher.work - begin > MAX_WORK) throw tooAmbiguous()
    return readByte(this.matcher, reading, byte)
  }
}

/** A grammar along one text. */
export class GrammarConstraint implements Constraint {
  readonly #grammar: TokenGrammar
  #reading: Reading

  constructor(grammar: TokenGrammar, reading = beginReading(grammar.matcher.start)) {
    this.#grammar = grammar
    this.#reading = reading
  }

  allows(token: Token): boolean {
    if (this.#grammar.endTokens.has(token)) return this.#reading.state.mayEnd && this.#reading.missing === 0
    return this.#grammar.read(this.#reading, token) !== undefined
  }

  mask(row: Float32Array): void {
    const mask = this.#grammar.mask(this.#reading)
    for (let token = 0; token < row.length; token++)
      if (((mask[token >> 3] as number) >> (token & 7)) % 2 === 0) row[token] = Number.NEGATIVE_INFINITY
  }

  /** Throws E_GRAMMAR where nothing of the vocabulary can go on. */
  accept(token: Token): void {
    if (!this.allows(token))
      throw new OuroborosError('E_GRAMMAR', `no token of this model continues the text under the grammar: it stops at token ${token}`)
    if (!this.#grammar.endTokens.has(token)) this.#reading = this.#grammar.read(this.#reading, token) as Reading
  }

  fork(): GrammarConstraint {
    return new GrammarConstraint(this.#grammar, this.#reading)
  }

  close(): void {}
}
