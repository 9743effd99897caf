import { OuroborosError } from '../core/errors.ts'
import { readGguf } from '../models/gguf.ts'
import { lastLogLines, library, listening } from './library.ts'
import { Vocabulary } from './vocabulary.ts'

/** Opens a model file's vocabulary alone, without its weights (some 200 ms), for as long as `use` takes. Throws E_FILE, E_GGUF, E_MODEL, E_LIBRARY. */
export async function withVocabulary<T>(file: string, use: (vocabulary: Vocabulary) => T | Promise<T>): Promise<T> {
  const { path } = readGguf(file) // a damaged file must not reach the native loader
  const { c } = library()
  const params = c.llama_model_default_params()
  params.vocab_only = true
  const model = listening(() => c.llama_model_load_from_file(path, params))
  if (!model) throw new OuroborosError('E_MODEL', `llama.cpp cannot read the vocabulary of ${file}: ${lastLogLines(4)}`)
  const vocabulary = new Vocabulary(c, c.llama_model_get_vocab(model))
  try {
    return await use(vocabulary)
  } finally {
    vocabulary.close()
    listening(() => c.llama_model_free(model))
  }
}
