import fc from 'fast-check'
import { expect, it } from 'vitest'
import { OuroborosError } from '../../src/core/errors.ts'
import { GrammarConstraint, TokenGrammar } from '../../src/grammar/grammar-constraint.ts'
import { Matcher } from '../../src/grammar/matcher.ts'
import { TokenTrie } from '../../src/grammar/token-trie.ts'
import { reads } from './reads.ts'

/** A part of a grammar without recursion, and the same as a regular expression. */
type Pair = readonly [gbnf: string, pattern: string]

const { part } = fc.letrec<{ part: Pair }>((tie) => ({
  part: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.constantFrom<Pair>(['"a"', 'a'], ['"ab"', '(?:ab)'], ['""', '(?:)'], ['[^a]', '[^a]'], ['[b-c]', '[b-c]'], ['.', '[^]']),
    fc
      .array(tie('part'), { minLength: 1, maxLength: 3 })
      .map((all): Pair => [`(${all.map(([g]) => g).join(' ')})`, `(?:${all.map(([, p]) => p).join('')})`]),
    fc
      .array(tie('part'), { minLength: 1, maxLength: 3 })
      .map((all): Pair => [`(${all.map(([g]) => g).join(' | ')})`, `(?:${all.map(([, p]) => p).join('|')})`]),
    fc
      .tuple(tie('part'), fc.constantFrom('*', '+', '?', '{2}', '{1,}', '{0,3}'))
      .map(([[g, p], mark]): Pair => [`(${g})${mark}`, `(?:${p})${mark}`]),
  ),
}))
const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'd'), maxLength: 6 })

it('reads what the same regular expression reads', () => {
  fc.assert(
    fc.property(part, fc.array(text, { minLength: 5, maxLength: 5 }), ([gbnf, pattern], texts) => {
      const matcher = new Matcher(`root ::= ${gbnf}`)
      const expression = new RegExp(`^${pattern}$`, 'u')
      for (const one of texts) expect(reads(matcher, one), one).toBe(expression.test(one))
    }),
    { numRuns: 5000 },
  )
})

const VOCABULARY = ['', ...'abcx"\\[]{}(), \n', 'aa', 'aaaaaaaaaaaaaaaa!', 'ab', '{"', 'é'].map((word) => Buffer.from(word))
const trie = new TokenTrie(VOCABULARY.length, (token) => VOCABULARY[token] as Buffer)
const symbol = fc.constantFrom(
  ...'abc"\\[]{}()|*+?.^-#\n ,',
  '::=',
  'root',
  'root ::= ',
  'r1',
  'r2',
  '\nr1 ::= ',
  '\nr2 ::= ',
  '"a"',
  '[a-c]',
  '{0,9}',
  '{2000}',
  '{0,99999}',
  '(',
  ')',
)
const garbage = fc.array(symbol, { maxLength: 60 }).map((symbols) => `root ::= ${symbols.join('')}`)
const rules = fc
  .array(
    fc.array(fc.constantFrom('"a"', '"b"', '[ab]', '""', 'root', 'r1', 'r2', 'r3', '|', '(', ')', '("a" | ', ')*', '?', '*', '{0,50}'), {
      maxLength: 12,
    }),
    {
      minLength: 4,
      maxLength: 4,
    },
  )
  .map((all) => all.map((symbols, i) => `${i === 0 ? 'root' : `r${i}`} ::= ${symbols.join(' ')}`).join('\n'))

it('whatever is given as a grammar, a few tokens are masked or E_GRAMMAR is thrown', () => {
  let taken = 0
  fc.assert(
    fc.property(fc.oneof(garbage, rules), fc.integer({ min: 0 }), (grammar, seed) => {
      try {
        const constraint = new GrammarConstraint(new TokenGrammar(grammar, trie, new Set([0])))
        for (let step = 0; step < 8; step++) {
          const row = new Float32Array(VOCABULARY.length)
          constraint.mask(row)
          const tokens = [...row.keys()].filter((token) => row[token] === 0 && token > 0)
          if (tokens.length === 0) break
          constraint.accept(tokens[(seed >> step) % tokens.length] as number)
        }
        taken++
      } catch (error) {
        expect(error).toBeInstanceOf(OuroborosError)
        expect(error).toMatchObject({ code: 'E_GRAMMAR' })
      }
    }),
    { numRuns: 20_000 },
  )
  expect(taken).toBeGreaterThan(1000)
})
