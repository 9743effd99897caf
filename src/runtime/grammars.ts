import type { Token } from '../core/token.ts'
import { TokenGrammar } from '../grammar/grammar-constraint.ts'
import { TokenTrie } from '../grammar/token-trie.ts'

const REMEMBERED = 8

/** The grammars of late requests: what one request has found out about its grammar serves the next. */
export class Grammars {
  readonly #vocabulary: { readonly size: number; readonly endTokens: ReadonlySet<Token>; shownBytes(token: Token): Uint8Array }
  readonly #recent = new Map<string, TokenGrammar>()
  #trie: TokenTrie | undefined

  constructor(vocabulary: { readonly size: number; readonly endTokens: ReadonlySet<Token>; shownBytes(token: Token): Uint8Array }) {
    this.#vocabulary = vocabulary
  }

  /** Throws E_GRAMMAR. */
  get(text: string): TokenGrammar {
    const { size, endTokens } = this.#vocabulary
    this.#trie ??= new TokenTrie(size, (token) => this.#vocabulary.shownBytes(token))
    const grammar = this.#recent.get(text) ?? new TokenGrammar(text, this.#trie, endTokens)
    this.#recent.delete(text)
    this.#recent.set(text, grammar)
    if (this.#recent.size > REMEMBERED) this.#recent.delete(this.#recent.keys().next().value as string)
    return grammar
  }
}
