import fc from 'fast-check'
import { OuroborosError } from '../../src/core/errors.ts'
import { GrammarConstraint, TokenGrammar } from '../../src/grammar/grammar-constraint.ts'
import { TokenTrie } from '../../src/grammar/token-trie.ts'
import { area } from './area.ts'

const END = 0
const LETTERS = [...'abcdefxyz 0123456789{}[]():,."\\\n-_<>/']
/** Some thousand words that begin alike, some longer than a reading should go, and parts of characters. */
const VOCABULARY = [
  '',
  ...LETTERS,
  ...LETTERS.flatMap((a) => LETTERS.map((b) => a + b)),
  ...LETTERS.flatMap((a) => LETTERS.map((b) => `${a}${b}${a}`)),
  ...[4, 16, 64].flatMap((length) => [...'abx1 '].map((letter) => letter.repeat(length))),
  'é',
  '😀',
  '\uFEFF',
  '\0',
].map((word) => Buffer.from(word))
VOCABULARY.push(Buffer.from([0xc3]), Buffer.from([0xf0, 0x9f]), Buffer.from([0x98]), Buffer.from([0xff]))
const trie = new TokenTrie(VOCABULARY.length, (token) => VOCABULARY[token] as Buffer)

const RULES = ['root', 'r1', 'r2', 'r3', 'r4']
const atom = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom('"a"', '"b"', '"ab"', '"aab"', '[ab]', '[^a]', '[a-z0-9]', '.', '""', '"\\n"', '"\\u00e9"', '"😀"', '"{"'),
  },
  { weight: 3, arbitrary: fc.constantFrom(...RULES) },
)
const count = fc.constantFrom('*', '+', '?', '{2}', '{0,3}', '{3,}', '{0,50}', '{0,65536}', '{1000}', '{0,1000000000}')

/** Nested, recursive and ambiguous, and legal as long as no rule begins with itself. */
const { part } = fc.letrec<{ part: string }>((tie) => ({
  part: fc.oneof(
    { maxDepth: 5, depthSize: 'small' },
    atom,
    fc.array(tie('part'), { minLength: 1, maxLength: 4 }).map((all) => `(${all.join(' ')})`),
    fc.array(tie('part'), { minLength: 1, maxLength: 4 }).map((all) => `(${all.join(' | ')})`),
    fc.tuple(tie('part'), count).map(([one, times]) => `(${one})${times}`),
  ),
}))
const rules = fc
  .array(fc.tuple(fc.constantFrom('', '"x" ', '"a" ', '[ab] '), fc.array(part, { minLength: 1, maxLength: 4 })), {
    minLength: 5,
    maxLength: 5,
  })
  .map((all) => all.map(([first, parts], i) => `${RULES[i]} ::= ${first}${parts.join(i % 2 ? ' | ' : ' ')}`).join('\n'))

/** What readers that recurse, copy or try everything break at. */
const huge = fc
  .tuple(fc.constantFrom(10, 100, 1000, 5000, 40_000), fc.constantFrom('"a"', '"a"?', '[a-z]', '("a" | "a")', '"a"*', '.'))
  .chain(([size, one]) =>
    fc.constantFrom(
      () => `root ::= ${'('.repeat(size)}${one}${')'.repeat(size)}`,
      () => `root ::= ${'('.repeat(size)}${one}${')*'.repeat(size)}`,
      () => `root ::= ${`${one} `.repeat(size)}`,
      () => `root ::= ${`${one} | `.repeat(size)}"x"`,
      () => `root ::= (${one}){0,${size}} (${one}){0,${size}} "x"`,
      () => `root ::= ((${one}){0,${size}}){0,${size}}`,
      () => `${Array.from({ length: size }, (_, i) => `${i === 0 ? 'root' : `c${i}`} ::= c${i + 1}`).join('\n')}\nc${size} ::= ${one}`,
      () =>
        `${Array.from({ length: Math.min(size, 5000) }, (_, i) => `${i === 0 ? 'root' : `c${i}`} ::= c${i + 1} ${one} | c${i + 1}`).join('\n')}\nc${Math.min(size, 5000)} ::= "a"`,
      () => `root ::= ${one} root ${one} | ${one} root "y" | "z"`,
      () => `root ::= "[" root "]" root | ${one}`,
      () => `root ::= "${'a'.repeat(size * 20)}"`,
      () => `root ::= [${'a-z'.repeat(size)}]`,
      () => `root ::= (${one}){${size}}{${size}}{${size}}`,
      () => `${'# '.repeat(size)}\nroot ::= ${one}`,
    ),
  )
  .map((make) => make())

const scrap = fc.constantFrom(
  ...'"\\[]{}()|*+?.^-#\n\r\t ,',
  '::=',
  'root',
  'r1',
  '\nr1 ::= ',
  '{0,9}',
  '{2000}',
  '{0,99999}',
  '{,3}',
  '\0',
  '\uFEFF',
  '\ud800',
  '😀',
  '\\x',
  '\\u00',
  '\\U00110000',
  '<think>',
  '!',
  '\u2028',
)
const broken = fc
  .tuple(
    fc.oneof(rules, fc.constant('root ::= "a" [b-c]{2,3} (r1 | r2)*\nr1 ::= "x"\nr2 ::= [^"]+')),
    fc.array(fc.tuple(fc.nat(), fc.nat({ max: 3 }), scrap), { minLength: 1, maxLength: 4 }),
  )
  .map(([text, changes]) =>
    changes.reduce((now, [at, cut, more]) => now.slice(0, at % (now.length + 1)) + more + now.slice((at % (now.length + 1)) + cut), text),
  )
const rubbish = fc.oneof(
  fc.array(scrap, { maxLength: 60 }).map((scraps) => `root ::= ${scraps.join('')}`),
  fc.string({ unit: 'binary', maxLength: 80 }),
)

const STEPS = 8

/** Grammars: a text of each is begun, or it is refused. */
export const grammars = area<[string, number]>({
  name: 'grammars',
  cases: fc.tuple(
    fc.oneof(
      { weight: 8, arbitrary: rules },
      { weight: 1, arbitrary: huge },
      { weight: 5, arbitrary: broken },
      { weight: 3, arbitrary: rubbish },
    ),
    fc.nat(),
  ),
  check([grammar, seed]) {
    try {
      const constraint = new GrammarConstraint(new TokenGrammar(grammar, trie, new Set([END])))
      for (let step = 0; step < STEPS; step++) {
        const row = new Float32Array(VOCABULARY.length)
        constraint.mask(row)
        const tokens = [...row.keys()].filter((token) => row[token] === 0)
        const token = tokens[((seed >> step) * 31 + step) % tokens.length]
        if (token === undefined || token === END) break
        if (!constraint.allows(token)) throw new Error(`token ${token} is in the mask and is not allowed`)
        constraint.fork().accept(token)
        constraint.accept(token)
      }
      return 'followed'
    } catch (error) {
      if (error instanceof OuroborosError && error.code === 'E_GRAMMAR') return 'refused'
      throw error
    }
  },
})
