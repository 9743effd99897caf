import { describe, expect, it, test } from 'vitest'
import { Matcher } from '../../src/grammar/matcher.ts'
import { after, reads } from './reads.ts'

/** Grammar, texts that it has, texts that it has not. */
const LANGUAGES: readonly [string, readonly string[], readonly string[]][] = [
  ['root ::= "a"+ b?\nb ::= [^a-z\\x41] # not a letter\n', ['a', 'aaB', 'aé'], ['', 'aA', 'aab', 'b']],
  ['root ::= ("a" | "b"){2,3} "\\n"', ['ab\n', 'bbb\n'], ['a\n', 'abab\n']],
  ['root ::= "a"\n  | "b"\n\n# end', ['a', 'b'], ['', 'ab']],
  ['root ::= (\n "a" # one\n | "b"\n)', ['a', 'b'], ['c']],
  ['root ::= "a" root "b" | ""', ['', 'aabb'], ['aab', 'abb']],
  ['root ::= ("a"*)* "x"', ['x', 'aaax'], ['a']],
  ['root ::= "ab"* .', ['ababc', '😀'], ['ab', 'abcc']],
  ['root ::= [a-c-]{2,} | [\\]\\-\\^\\u00e9\\U0001F600]', ['a-', ']', '^', 'é', '😀'], ['a', '\\']],
  ['root ::= "a"{2}{3}', ['aaaaaa'], ['aaaa']],
  ['root ::= one\none ::= "1"\none ::= "2"', ['2'], ['1']],
  ['\uFEFFroot ::= ""', [''], ['a']],
]

/** What must be refused, and why. */
const REFUSED: readonly [string, string][] = [
  ['', 'empty'],
  ['foo ::= "a"', 'no rule root'],
  ['root ::= other', 'no rule other'],
  ['root ::= root "a"', 'root begins with itself'],
  ['root ::= x root\nx ::= "" | "a"', 'root begins with itself'],
  ['root ::= a\na ::= b\nb ::= a "x"', 'begins with itself'],
  ['root ::= [', 'not closed'],
  ['root ::= "a', 'not closed'],
  ['root ::= ("a"', 'not closed'],
  ['root ::= "a" )', 'no group to close'],
  ['root ::= *', 'something before it'],
  ['root ::= "\\q"', 'no escape \\q'],
  ['root ::= "\\u12"', '4 hexadecimal digits'],
  ['root ::= [z-a]', 'upwards'],
  ['root ::= "a"{3,2}', 'at most 2 is less than at least 3'],
  ['root ::= "a"{x}', '{m}, {m,} or {m,n}'],
  ['root ::= "a"{99999999999}', 'goes up to 1000000000'],
  ['root ::= "\0"', 'NUL'],
  ['root = "a"', 'needs ::='],
  ['root ::= <think> "a"', 'tokens (<…>) are not taken'],
  ['root ::= "a"\n::= "b"', 'line 2'],
  [`root ::= ${'('.repeat(5000)}"a"${')'.repeat(5000)}`, 'nested more than 256 deep'],
  [`root ::= "${'a'.repeat(2 ** 20)}"`, 'at most 1048576'],
  ['root ::= ("a"?){0,1000000}', 'too ambiguous'],
]

describe('GBNF', () => {
  test.each(LANGUAGES)('%j', (grammar, has, hasNot) => {
    const matcher = new Matcher(grammar)
    expect(has.filter((text) => !reads(matcher, text))).toEqual([])
    expect(hasNot.filter((text) => reads(matcher, text))).toEqual([])
  })

  test.each(REFUSED.map(([grammar, why]) => [grammar.slice(0, 40), why, grammar]))('refuses %j: %s', (_, why, grammar) => {
    expect(() => new Matcher(grammar)).toThrow(expect.objectContaining({ code: 'E_GRAMMAR', message: expect.stringContaining(why) }))
  })
})

describe('nothing about a grammar is recursive or explodes', () => {
  it('chains of rules of any length', () => {
    const chain = Array.from({ length: 40_000 }, (_, i) => `${i === 0 ? 'root' : `r${i}`} ::= r${i + 1}`)
    expect(reads(new Matcher(`${chain.join('\n')}\nr40000 ::= "x"`), 'x')).toBe(true)
  })

  it('optional parts in a row', () => {
    const matcher = new Matcher(`root ::= ${'"a"? '.repeat(400)}`)
    expect([400, 401].map((length) => reads(matcher, 'a'.repeat(length)))).toEqual([true, false])
  })

  it('literals of any length', () => {
    const matcher = new Matcher(`root ::= "${'a'.repeat(500_000)}" | "b"`)
    expect(['a', 'b'].map((text) => reads(matcher, text))).toEqual([false, true])
  })

  it('long repetitions', () => {
    const matcher = new Matcher('root ::= [a-z]{0,65536}')
    expect([65536, 65537].map((length) => reads(matcher, 'a'.repeat(length)))).toEqual([true, false])
  })

  it('deep texts', () => {
    const matcher = new Matcher('root ::= "[" root "]" | ""')
    expect(reads(matcher, '['.repeat(10_000) + ']'.repeat(10_000))).toBe(true)
  })

  it('readings that double with every character end in an error', () => {
    const matcher = new Matcher('root ::= "a" root "x" | "a" root "y" | "z"')
    expect(reads(matcher, `${'a'.repeat(10)}z${'yx'.repeat(5)}`)).toBe(true)
    expect(() => after(matcher, 'a'.repeat(40))).toThrow(expect.objectContaining({ code: 'E_GRAMMAR' }))
  })
})
