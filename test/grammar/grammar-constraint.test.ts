import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import { GrammarConstraint, TokenGrammar } from '../../src/grammar/grammar-constraint.ts'
import { TokenTrie } from '../../src/grammar/token-trie.ts'

const END = 0
/** Words, among them parts of characters, two that are equal, and one without text. */
const WORDS = ['', '', 'a', 'ab', 'abc', 'b', 'é', 'ab', '{"', '😀b', '日本'].map((word) => Buffer.from(word))
WORDS.push(
  ...[[0xc3], [0xa9], [0xf0, 0x9f], [0x98, 0x80], [0xe0], [0x80, 0x80], [0xed, 0xa0, 0x80], [0xff], [0x61, 0xc3]].map((bytes) =>
    Buffer.from(bytes),
  ),
)
const TRIE = new TokenTrie(WORDS.length, (token) => WORDS[token] as Buffer)

function constraint(grammar: string): GrammarConstraint {
  return new GrammarConstraint(new TokenGrammar(grammar, TRIE, new Set([END])))
}

/** What is allowed next, as the words are; both ways to ask agree. */
function allowed(one: GrammarConstraint): number[] {
  const row = new Float32Array(WORDS.length)
  one.mask(row)
  const tokens = [...row.keys()].filter((token) => row[token] === 0)
  expect(tokens).toEqual([...row.keys()].filter((token) => one.allows(token)))
  return tokens
}

const token = (...bytes: number[]) => WORDS.findIndex((word) => word.equals(Buffer.from(bytes)))

it('masks words that begin a text of the grammar, and the end where the text may end', () => {
  const one = constraint('root ::= "a" "b"? "c"?')
  expect(allowed(one)).toEqual([2, 3, 4, 7])
  one.accept(7)
  expect(allowed(one)).toEqual([END])
  expect(() => one.accept(2)).toThrow(expect.objectContaining({ code: 'E_GRAMMAR', message: expect.stringContaining('stops at token 2') }))
})

it('reads characters in parts', () => {
  const one = constraint('root ::= "é" | [😀-😂] "b"')
  expect(allowed(one)).toEqual([6, 9, token(0xc3), token(0xf0, 0x9f)])
  const face = one.fork()
  face.accept(token(0xf0, 0x9f))
  expect(allowed(face)).toEqual([token(0x98, 0x80)])
  face.accept(token(0x98, 0x80))
  expect(allowed(face)).toEqual([5])
  one.accept(token(0xc3))
  expect(allowed(one)).toEqual([token(0xa9)])
})

it('takes no bytes that are not UTF-8', () => {
  const one = constraint('root ::= .*')
  expect(allowed(one)).toEqual([END, 2, 3, 4, 5, 6, 7, 8, 9, 10, token(0xc3), token(0xf0, 0x9f), token(0xe0), token(0x61, 0xc3)])
  one.accept(token(0xe0))
  expect(allowed(one)).toEqual([token(0xa9)])
})

it('what is remembered of a text without end does not grow with it', () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const chinese = Array.from({ length: 20_000 }, (_, i) => Buffer.from(String.fromCodePoint(0x4e00 + i)))
  const grammar = new TokenGrammar('root ::= .{0,65536}', new TokenTrie(chinese.length, (token) => chinese[token] as Buffer), new Set())
  const constraint = new GrammarConstraint(grammar)
  const write = (tokens: number) => {
    for (let i = 0; i < tokens; i++) {
      constraint.mask(new Float32Array(chinese.length))
      constraint.accept(i)
    }
    collect()
    return process.memoryUsage().heapUsed / 2 ** 20
  }
  const before = write(30)
  expect(write(120) - before).toBeLessThan(30)
})

it('a fork goes its own way', () => {
  const one = constraint('root ::= "abab"')
  const other = one.fork()
  other.accept(4 - 1)
  expect(allowed(other)).toEqual([2, 3, 7])
  expect(allowed(one)).toEqual([2, 3, 7])
  other.accept(3)
  expect(allowed(other)).toEqual([END])
})
