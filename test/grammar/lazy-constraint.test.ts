import { describe, expect, it } from 'vitest'
import { GrammarConstraint, TokenGrammar } from '../../src/grammar/grammar-constraint.ts'
import { LazyConstraint } from '../../src/grammar/lazy-constraint.ts'
import { TokenTrie } from '../../src/grammar/token-trie.ts'

const WORDS = ['', 'a', 'b', 'yes', 'no', '<', '<go', '>', '>yes', ' <go>', '<go>', 'go', '>b']
const TRIE = new TokenTrie(WORDS.length, (token) => Buffer.from(WORDS[token] as string))
const lazy = (grammar: string, mark = '<go>') =>
  new LazyConstraint(mark, new GrammarConstraint(new TokenGrammar(grammar, TRIE, new Set([0]))), (token) => TRIE.bytes(token))
const allowed = (one: LazyConstraint) => WORDS.filter((_, token) => one.allows(token))
const write = (one: LazyConstraint, words: readonly string[]) => {
  for (const word of words) {
    expect(one.allows(WORDS.indexOf(word)), word).toBe(true)
    one.accept(WORDS.indexOf(word))
  }
}

describe('a constraint that sleeps', () => {
  it('until its mark, however that is cut into tokens; behind it the grammar alone holds', () => {
    for (const before of [
      ['<', 'go', '>'],
      ['<go', '>'],
      ['a', ' <go>'],
      ['<', '<go>'],
      ['<go', '<go', '>'],
      ['yes', 'no', '<go>'],
    ]) {
      const one = lazy('root ::= "yes" | "b"')
      write(one, before)
      expect(allowed(one)).toEqual(['b', 'yes'])
      write(one, ['yes'])
      expect(allowed(one)).toEqual([''])
    }
  })

  it('forbids only tokens that write the mark and more', () => {
    const one = lazy('root ::= "yes"')
    expect(allowed(one)).toEqual(WORDS)
    write(one, ['<go'])
    expect(WORDS.filter((word) => !allowed(one).includes(word))).toEqual(['>yes', '>b'])
    const row = new Float32Array(WORDS.length)
    one.mask(row)
    expect(WORDS.filter((_, token) => row[token] === Number.NEGATIVE_INFINITY)).toEqual(['>yes', '>b'])
  })

  it('forks go their own ways', () => {
    const one = lazy('root ::= "yes"')
    write(one, ['<go'])
    const fork = one.fork()
    write(fork, ['>'])
    expect(allowed(fork)).toEqual(['yes'])
    write(one, ['a', '<go>'])
    const second = one.fork()
    write(second, ['yes'])
    expect(allowed(one)).toEqual(['yes'])
    expect(allowed(second)).toEqual([''])
  })

  it('one may wake another', () => {
    const inner = lazy('root ::= "b"')
    const one = new LazyConstraint('no', inner, (token) => TRIE.bytes(token))
    write(one, ['<go>', 'yes', 'no', 'yes', '<go>'])
    expect(allowed(one)).toEqual(['b'])
  })
})
