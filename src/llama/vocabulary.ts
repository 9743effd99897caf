import { createHash } from 'node:crypto'
import { OuroborosError } from '../core/errors.ts'
import type { Token } from '../core/token.ts'
import type { Library, Pointer } from './library.ts'
import { asMarks, type Marks, textSlices } from './text-slices.ts'

/** llama_vocab_type: none, SentencePiece with byte tokens for what it cannot spell, and byte pairs. */
const NO_VOCABULARY = 0
const SENTENCE_PIECE = 1
const BYTE_PAIRS = 2
/** llama_token_attr: the unknown token, control tokens, and words that are looked for first in any text. */
const UNKNOWN_OR_CONTROL = 0b1001
const USER_DEFINED = 0b10000
/** Control tokens that are part of an answer: where thoughts and calls of tools begin and end. */
const SHOWN = ['<think>', '</think>', '<tool_call>', '</tool_call>', '[TOOL_CALLS]', '[CALL_ID]', '[ARGS]', '<|python_tag|>']

/** The vocabulary of a model: text to tokens and back. */
export class Vocabulary {
  readonly size: number
  /** 0 = the model has no text vocabulary. */
  readonly type: number
  /** -1 = none. */
  readonly bos: Token
  readonly eos: Token
  readonly addsBos: boolean
  /** Every token that ends a generation: end of text, of turn, of message. */
  readonly endTokens: ReadonlySet<Token>
  #identity: string | undefined
  readonly #c: Library['c']
  readonly #pointer: Pointer
  readonly #hasText: boolean
  #closed = false
  #marks: readonly string[] | undefined
  /** What cuts a text: words that are looked for first, without and with control tokens. */
  readonly #cuts: [Marks?, Marks?] = []
  #shown: ReadonlySet<Token> | undefined

  constructor(c: Library['c'], vocab: Pointer) {
    this.#c = c
    this.#pointer = vocab
    this.size = c.llama_vocab_n_tokens(vocab)
    this.type = c.llama_vocab_type(vocab)
    this.bos = c.llama_vocab_bos(vocab)
    this.eos = c.llama_vocab_eos(vocab)
    this.addsBos = c.llama_vocab_get_add_bos(vocab)
    this.#hasText = this.type !== NO_VOCABULARY && (this.type !== SENTENCE_PIECE || this.#spellsBytes())
    const ends = new Set<Token>()
    if (this.type !== NO_VOCABULARY) for (let token = 0; token < this.size; token++) if (c.llama_vocab_is_eog(vocab, token)) ends.add(token)
    this.endTokens = ends
  }

  /** The native vocabulary is freed with their model; afterwards every use throws E_CLOSED. */
  close(): void {
    this.#closed = true
  }

  /** Control tokens (chat markers) as they are spelled in a text. */
  get marks(): readonly string[] {
    this.#marks ??= this.#spellings(UNKNOWN_OR_CONTROL)
    return this.#marks
  }

  /** Control tokens that a reader of the answer must see. */
  get shown(): ReadonlySet<Token> {
    this.#shown ??= new Set(
      SHOWN.flatMap((word) => {
        const tokens = this.#hasText ? this.tokenize(word, { bos: false }) : []
        return tokens.length === 1 ? tokens : []
      }),
    )
    return this.#shown
  }

  /** A prompt in parts; control tokens count in markup only. Markup that begins with the begin-of-text token gets no other. */
  tokenizeParts(parts: readonly { readonly text: string; readonly isMarkup: boolean }[]): Token[] {
    const [first] = parts
    const bos = !(this.bos >= 0 && first?.isMarkup && first.text.startsWith(this.spelling(this.bos)))
    return parts.flatMap(({ text, isMarkup }, i) => {
      if (i === 0) return this.tokenize(text, { bos, special: isMarkup })
      if (this.type !== SENTENCE_PIECE) return this.tokenize(text, { bos: false, special: isMarkup })
      // SentencePiece begins every text with a space of its own: a line break takes it, and goes.
      const before = this.tokenize('\n', { bos: false })
      const tokens = this.tokenize(`\n${text}`, { bos: false, special: isMarkup })
      return before.every((token, at) => tokens[at] === token)
        ? tokens.slice(before.length)
        : this.tokenize(text, { bos: false, special: isMarkup })
    })
  }

  /** `special`: control tokens in the text (chat markers) become their tokens. `bos`: begin as the model wants it. */
  tokenize(text: string, { special = true, bos = true } = {}): Token[] {
    this.#needsText()
    const marks = () => {
      this.#cuts[special ? 1 : 0] ??= asMarks(this.#spellings(special ? USER_DEFINED | UNKNOWN_OR_CONTROL : USER_DEFINED))
      return this.#cuts[special ? 1 : 0] as Marks
    }
    const slices = textSlices(text, marks, this.type === BYTE_PAIRS)
    const [first = ''] = slices
    if (slices.length === 1) return this.#tokens(first, special, bos)
    return slices.flatMap((slice, i) => this.#tokens(slice, special, bos && i === 0))
  }

  /** A token's text as bytes: maybe only part of a character. Control tokens are empty unless `special`. */
  bytes(token: Token, special = false): Buffer {
    this.#needsText()
    if (!Number.isInteger(token) || token < 0 || token >= this.size)
      throw new RangeError(`no such token in a vocabulary of ${this.size}: received ${token}`)
    for (let size = 64; ; size = size * 4) {
      const buffer = Buffer.alloc(size)
      const length = this.#c.llama_token_to_piece(this.#vocab, token, buffer, size, 0, special)
      if (length >= 0) return buffer.subarray(0, length)
    }
  }

  /** A token's text as an answer shows it. */
  shownBytes(token: Token): Buffer {
    return this.bytes(token, this.shown.has(token))
  }

  detokenize(tokens: readonly Token[], special = false): string {
    return Buffer.concat(tokens.map((token) => this.bytes(token, special))).toString('utf8')
  }

  /** A token as the vocabulary file spells it. */
  spelling(token: Token): string {
    return this.#c.llama_vocab_get_text(this.#vocab, token) ?? ''
  }

  /** The same for the same words under the same ids, and for no others. */
  get identity(): string {
    if (this.#identity !== undefined) return this.#identity
    const hash = createHash('sha256')
    for (let token = 0; token < this.size; token++) hash.update(`${this.spelling(token)}\n`)
    this.#identity = hash.digest('hex').slice(0, 16)
    return this.#identity
  }

  #tokens(text: string, special: boolean, bos: boolean): Token[] {
    const bytes = Buffer.from(text, 'utf8')
    // Where a vocabulary has no word for a space, it is three byte tokens.
    const tokens = new Int32Array(3 * bytes.length + 8)
    const count = this.#c.llama_tokenize(this.#vocab, bytes, bytes.length, tokens, tokens.length, bos, special)
    if (count < 0) throw new OuroborosError('E_ENGINE', `cannot tokenize ${bytes.length} bytes: llama_tokenize returned ${count}`)
    return [...tokens.subarray(0, count)]
  }

  #spellings(attributes: number): string[] {
    const found: string[] = []
    for (let token = 0; token < this.size; token++)
      if (this.#c.llama_vocab_get_attr(this.#vocab, token) & attributes) found.push(this.spelling(token))
    return found.filter(Boolean)
  }

  /** Without byte tokens the native tokenizer aborts the process at the first unknown character. */
  #spellsBytes(): boolean {
    let bytes = 0
    for (let token = 0; token < this.size && bytes < 256; token++) if (/^<0x[0-9A-F]{2}>$/.test(this.spelling(token))) bytes++
    return bytes === 256
  }

  get #vocab(): Pointer {
    if (this.#closed) throw new OuroborosError('E_CLOSED', 'the model of this vocabulary is closed')
    return this.#pointer
  }

  #needsText(): void {
    if (!this.#hasText) throw new OuroborosError('E_MODEL', 'this model has no usable text vocabulary: it can only be used with token ids')
  }
}

/** Turns a stream of tokens into text, never half a character. */
export class Detokenizer {
  readonly #vocabulary: Vocabulary
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true })

  constructor(vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary
  }

  /** The text that this token completes; empty while a character is unfinished. */
  push(token: Token): string {
    return this.#decoder.decode(this.#vocabulary.shownBytes(token), { stream: true })
  }

  /** What is left at the end: a replacement character if one was cut off. */
  flush(): string {
    return this.#decoder.decode()
  }
}
