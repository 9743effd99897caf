import koffi from 'koffi'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { GrammarConstraint, TokenGrammar } from '../../src/grammar/grammar-constraint.ts'
import { TokenTrie } from '../../src/grammar/token-trie.ts'
import { library, type Pointer } from '../../src/llama/library.ts'
import { Vocabulary } from '../../src/llama/vocabulary.ts'
import { jsonSchemaToGrammar } from '../../src/text/json-schema.ts'
import { modelFile } from './model-files.ts'

/** Grammars that both read, and what they are walked along. */
const GRAMMARS: readonly [string, string][] = [
  ['root ::= [a-z ]* "é" ("日本" | "😀"){2,} [^a-z]+', 'walk through é日本😀😀日本 1!'],
  ['root ::= item ("," item)*\nitem ::= "(" root ")" | [0-9]+ | "x"{0,3}', '12,(x,(33)),xxx,4'],
  [
    jsonSchemaToGrammar({ type: 'object', properties: { name: { type: 'string' }, ages: { type: 'array', items: { type: 'integer' } } } }),
    '{"name": "Zoë \\"日本\\"", "ages": [1, 20, -3]}',
  ],
  [jsonSchemaToGrammar({ type: 'object' }), '{"a": {"b": [null, true, 1.5e3, "\\u00e9\\n"]},\n  "c": {}}'],
]

/** llama.cpp's own sampler of grammars, which ours must agree with at every token. */
class NativeGrammar {
  readonly #sampler: Pointer
  readonly #data: Float32Array
  readonly #ids: Int32Array
  readonly #array: Pointer
  readonly #apply: (sampler: Pointer, array: Pointer) => void
  readonly #accept: (sampler: Pointer, token: number) => void

  constructor(words: Pointer, vocabulary: Vocabulary, grammar: string) {
    const native = koffi.load(library().file)
    this.#apply = native.func('void llama_sampler_apply(void *, void *)')
    this.#accept = native.func('void llama_sampler_accept(void *, int32_t)')
    this.#sampler = native.func('void * llama_sampler_init_grammar(void *, const char *, const char *)')(words, grammar, 'root')
    const data = koffi.alloc('float', vocabulary.size * 3)
    this.#array = koffi.alloc('test_token_data_array', 1)
    koffi.encode(this.#array, 'test_token_data_array', { data, size: vocabulary.size, selected: -1, sorted: false })
    const bytes = koffi.view(data, vocabulary.size * 12)
    this.#data = new Float32Array(bytes)
    this.#ids = new Int32Array(bytes)
  }

  mask(row: Float32Array): void {
    for (let token = 0; token < row.length; token++) {
      this.#ids[token * 3] = token
      this.#data[token * 3 + 1] = 0
    }
    this.#apply(this.#sampler, this.#array)
    for (let token = 0; token < row.length; token++) row[token] = this.#data[token * 3 + 1] as number
  }

  accept(token: number): void {
    this.#accept(this.#sampler, token)
  }
}

describe('agrees with llama.cpp’s own sampler of grammars', () => {
  let words: Pointer
  let vocabulary: Vocabulary
  let model: Pointer
  beforeAll(async () => {
    koffi.struct('test_token_data_array', { data: 'void *', size: 'size_t', selected: 'int64_t', sorted: 'bool' })
    const { c } = library()
    model = c.llama_model_load_from_file(await modelFile('smollm2-135m'), { ...c.llama_model_default_params(), vocab_only: true })
    words = c.llama_model_get_vocab(model)
    vocabulary = new Vocabulary(c, words)
  })
  afterAll(() => library().c.llama_model_free(model))

  test.each(GRAMMARS)('%s', (grammar, text) => {
    const native = new NativeGrammar(words, vocabulary, grammar)
    const own = new GrammarConstraint(
      new TokenGrammar(grammar, new TokenTrie(vocabulary.size, (token) => vocabulary.bytes(token)), vocabulary.endTokens),
    )
    // Control tokens, bytes that are in no UTF-8, and NUL: as text they are nothing to llama.cpp or to us, not to both.
    const isText = (token: number) => {
      const bytes = vocabulary.bytes(token)
      return (
        vocabulary.endTokens.has(token) || (bytes.length > 0 && bytes[0] !== 0 && !bytes.some((byte) => (byte | 1) === 0xc1 || byte > 0xf4))
      )
    }
    const allowed = (one: { mask(row: Float32Array): void }) => {
      const row = new Float32Array(vocabulary.size)
      one.mask(row)
      return [...row.keys()].filter((token) => row[token] === 0 && isText(token))
    }
    for (const token of vocabulary.tokenize(text, { bos: false })) {
      expect(allowed(own)).toEqual(allowed(native))
      native.accept(token)
      own.accept(token)
    }
    expect(allowed(own)).toEqual(allowed(native))
  })
})
