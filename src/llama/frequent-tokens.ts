import koffi from 'koffi'
import type { Token } from '../core/token.ts'
import type { KernelPlugin } from './kernel-plugin.ts'
import type { Pointer } from './library.ts'

/** Rows of weights that the kernels compute together. */
const PANEL = 16
/** Ids follow the merges of byte pairs, so that low ones are frequent: of English text and code 94 to 98 % is below this one. */
const FREQUENT = 49_152

/**
 * The part of its vocabulary that a draft model chooses from: frequent tokens, and whatever it has read (FR-Spec; the text is the target's
 * all the same). The output layer is a quarter of what a small model reads for a token.
 */
export class FrequentTokens {
  readonly #kernels: KernelPlugin
  readonly #vocabSize: number
  readonly #included: Uint8Array
  readonly #panels: Int32Array
  readonly #memory: Pointer
  #count = 0

  /** `always`: tokens that count as frequent, such as those that end a text. */
  constructor(kernels: KernelPlugin, vocabSize: number, always: Iterable<Token>) {
    const panels = Math.ceil(vocabSize / PANEL)
    this.#kernels = kernels
    this.#vocabSize = vocabSize
    this.#included = new Uint8Array(panels)
    this.#memory = koffi.alloc('int32_t', panels)
    this.#panels = new Int32Array(koffi.view(this.#memory, 4 * panels))
    for (let token = 0; token < FREQUENT; token += PANEL) this.see(token)
    for (const token of always) this.see(token)
  }

  /** Whether a vocabulary of this size is worth cutting. */
  static pays(vocabSize: number): boolean {
    return vocabSize >= 2 * FREQUENT
  }

  /** A token was read: it and its neighbors may be drafted from now on. */
  see(token: Token): void {
    const panel = Math.floor(token / PANEL)
    if (this.#included[panel] === 1) return
    this.#included[panel] = 1
    this.#panels[this.#count++] = panel
  }

  /** For this thread's next passes. */
  use(): void {
    this.#kernels.vocabulary(this.#vocabSize, this.#memory, this.#count)
  }

  close(): void {
    koffi.free(this.#memory)
  }
}
