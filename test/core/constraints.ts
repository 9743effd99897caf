import type { Constraint, Token } from '../../src/core/index.ts'
import { GrammarConstraint, TokenGrammar } from '../../src/grammar/grammar-constraint.ts'
import { LazyConstraint } from '../../src/grammar/lazy-constraint.ts'
import { TokenTrie } from '../../src/grammar/token-trie.ts'

/** Forbids every third token, another third after each token. */
export class EveryThird implements Constraint {
  #state = 0

  allows(token: Token): boolean {
    return (token + this.#state) % 3 !== 0
  }

  mask(row: Float32Array): void {
    for (let token = 0; token < row.length; token++) if (!this.allows(token)) row[token] = Number.NEGATIVE_INFINITY
  }

  accept(token: Token): void {
    if (!this.allows(token)) throw new Error(`the forbidden token ${token} was emitted`)
    this.#state += token + 1
  }

  fork(): EveryThird {
    const copy = new EveryThird()
    copy.#state = this.#state
    return copy
  }

  close(): void {}
}

/** Token 0 is `a`, and so on; the grammar's texts have no end, and may end at many places. */
const letter = (token: Token) => Buffer.from(String.fromCharCode(97 + token))
const letters = new TokenTrie(24, letter)
const grammar = () =>
  new GrammarConstraint(new TokenGrammar('root ::= ([a-h] | "k" [a-x]{1,3} "b" | [ij] [l-q]* "a")*', letters, new Set()))

/** What an answer must look like: nothing; a grammar; one from a call's mark on; one from the end of a thought on. */
export const CONSTRAINTS = {
  none: () => undefined,
  thirds: () => new EveryThird(),
  grammar,
  call: () => new LazyConstraint('bc', grammar(), letter),
  thought: () => new LazyConstraint('d', new LazyConstraint('a', grammar(), letter), letter),
} satisfies Record<string, () => Constraint | undefined>
