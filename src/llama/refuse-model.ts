import { OuroborosError } from '../core/errors.ts'
import type { Gguf } from '../models/gguf.ts'
import type { Library, Pointer } from './library.ts'

/** The library loads embedding models of most architectures as if they could write. Throws E_MODEL. */
export function refuseEmbedding({ path, metadata }: Gguf): void {
  const architecture = metadata.get('general.architecture')
  const pooling = metadata.get(`${architecture}.pooling_type`) ?? 0
  if (metadata.get(`${architecture}.attention.causal`) === false || (typeof pooling === 'number' && pooling > 0)) {
    throw new OuroborosError(
      'E_MODEL',
      `${path} cannot be used: it is an embedding model (${architecture}, an encoder); a decoder-only text model is needed`,
    )
  }
}

/** What drafts cannot be checked on, as the library tells after loading. Throws E_MODEL. */
export function refuseUnusable(c: Library['c'], model: Pointer, file: string): void {
  const refuse = (reason: string) => {
    throw new OuroborosError('E_MODEL', `${file} cannot be used: ${reason}`)
  }
  if (c.llama_model_has_encoder(model) || !c.llama_model_has_decoder(model))
    refuse('it has an encoder; a decoder-only text model is needed')
  if (c.llama_model_is_diffusion(model)) refuse('it is a diffusion model; an autoregressive text model is needed')
}
