import koffi from 'koffi'
import { OuroborosError } from '../core/errors.ts'
import type { Constraint } from '../core/sampling/sampler.ts'
import type { Token } from '../core/token.ts'
import { inGate } from './exit-gate.ts'
import { type Library, listening, type Pointer } from './library.ts'

/** A native `llama_token_data_array` with views on its ids and logits. */
interface Candidates {
  readonly array: Pointer
  readonly ids: Int32Array
  readonly logits: Float32Array
}

/** Words of a `llama_token_data`: id, logit, p. */
const STRIDE = 3

/** A GBNF grammar along one text, by the library's own sampler. Forbidden tokens never reach its `accept`, which would abort the process. */
export class GrammarConstraint implements Constraint {
  readonly #c: Library['c']
  readonly #lists: CandidateLists
  #sampler: Pointer

  /** Throws E_GRAMMAR. `words` = the model's native vocabulary, `size` tokens. */
  static parse(c: Library['c'], words: Pointer, size: number, grammar: string): GrammarConstraint {
    if (grammar.trim() === '') throw new OuroborosError('E_GRAMMAR', 'the grammar is empty: give GBNF rules, among them root')
    if (grammar.includes('\0')) throw new OuroborosError('E_GRAMMAR', 'the grammar has a NUL character: write \\x00 instead')
    const sampler = listening(() => c.llama_sampler_init_grammar(words, grammar, 'root') as Pointer)
    if (!sampler) {
      throw new OuroborosError(
        'E_GRAMMAR',
        'the grammar is not valid GBNF: every rule that is used must be defined, among them root, and none may begin with itself',
      )
    }
    return new GrammarConstraint(c, sampler, new CandidateLists(size))
  }

  private constructor(c: Library['c'], sampler: Pointer, lists: CandidateLists) {
    this.#c = c
    this.#sampler = sampler
    this.#lists = lists
  }

  allows(token: Token): boolean {
    const { array, ids, logits } = this.#lists.one
    ids[0] = token
    logits[1] = 0
    this.#c.llama_sampler_apply(this.#alive(), array)
    return logits[1] !== Number.NEGATIVE_INFINITY
  }

  mask(row: Float32Array): void {
    const { array, logits } = this.#lists.all
    for (let token = 0; token < row.length; token++) logits[token * STRIDE + 1] = row[token] as number
    this.#c.llama_sampler_apply(this.#alive(), array)
    for (let token = 0; token < row.length; token++) row[token] = logits[token * STRIDE + 1] as number
  }

  accept(token: Token): void {
    if (!this.allows(token))
      throw new OuroborosError('E_GRAMMAR', `no token of this model continues the text under the grammar: it stops at token ${token}`)
    this.#c.llama_sampler_accept(this.#alive(), token)
  }

  fork(): GrammarConstraint {
    return new GrammarConstraint(this.#c, this.#c.llama_sampler_clone(this.#alive()), this.#lists)
  }

  close(): void {
    if (this.#sampler) this.#c.llama_sampler_free(this.#sampler)
    this.#sampler = null
  }

  #alive(): Pointer {
    if (!this.#sampler) throw new Error('this grammar is closed')
    return this.#sampler
  }
}

/** Made when first needed and shared by all forks: every use fills in what it asks. Collected with the last of them. */
class CandidateLists {
  readonly #size: number
  #one: Candidates | undefined
  #all: Candidates | undefined

  constructor(size: number) {
    this.#size = size
  }

  get one(): Candidates {
    this.#one ??= inGate(() => candidates(1))
    return this.#one
  }

  get all(): Candidates {
    if (!this.#all) {
      this.#all = inGate(() => candidates(this.#size))
      for (let token = 0; token < this.#size; token++) this.#all.ids[token * STRIDE] = token
    }
    return this.#all
  }
}

function candidates(count: number): Candidates {
  const data = koffi.alloc('float', count * STRIDE)
  const array = koffi.alloc('llama_token_data_array', 1)
  koffi.encode(array, 'llama_token_data_array', { data, size: count, selected: -1, sorted: false })
  const bytes = koffi.view(data, count * STRIDE * 4)
  const made = { array, ids: new Int32Array(bytes), logits: new Float32Array(bytes) }
  released.register(made, [data, array])
  return made
}

const released = new FinalizationRegistry<Pointer[]>((pointers) => {
  for (const pointer of pointers) koffi.free(pointer)
})
