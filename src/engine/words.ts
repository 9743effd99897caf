import { OuroborosError } from '../core/errors.ts'
import { lastLogLines, library, listening, type Pointer } from './library.ts'
import { Vocabulary } from './vocabulary.ts'

/** A model file's vocabulary without its weights, by llama.cpp: text becomes the same tokens on every engine. */
export class Words {
  readonly vocabulary: Vocabulary
  readonly chatTemplate: string | undefined
  #model: Pointer

  static load(file: string): Words {
    return listening(() => new Words(file))
  }

  private constructor(file: string) {
    const { c } = library()
    this.#model = c['llama_model_load_from_file']?.(file, { ...c['llama_model_default_params']?.(), vocab_only: true })
    if (!this.#model) throw new OuroborosError('E_MODEL', `llama.cpp cannot read the vocabulary of ${file}: ${lastLogLines(4)}`)
    this.vocabulary = new Vocabulary(c, c['llama_model_get_vocab']?.(this.#model))
    this.chatTemplate = c['llama_model_chat_template']?.(this.#model, null) ?? undefined
  }

  /** Idempotent. */
  close(): void {
    if (!this.#model) return
    this.vocabulary.close()
    listening(() => library().c['llama_model_free']?.(this.#model))
    this.#model = null
  }
}
