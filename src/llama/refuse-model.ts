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

/** Numbers of recurrent layers that the library divides by or asserts, which would end the process, and a cache that no checkpoint was tried on. Throws E_MODEL. */
export function refuseState({ path, metadata, tensors }: Gguf): void {
  const architecture = String(metadata.get('general.architecture'))
  const own = (key: string) => Number(metadata.get(`${architecture}.${key}`))
  const refuse = (wrong: string) => {
    throw new OuroborosError('E_MODEL', `${path} cannot be used: ${architecture}.${wrong}; the file is damaged or converted wrongly`)
  }
  if (architecture === 'deepseek4')
    throw new OuroborosError(
      'E_MODEL',
      `${path} cannot be used: the compressed cache of ${architecture} cannot go back to where a draft began`,
    )
  if (own('full_attention_interval') === 0) refuse('full_attention_interval is 0')
  const wanted = /^(jamba|granitehybrid)$/.test(architecture)
    ? 2 * own('embedding_length')
    : /^qwen3(next|5)/.test(architecture)
      ? tensors.find(({ name }) => name.endsWith('.ssm_out.weight'))?.shape[0]
      : undefined
  if (wanted !== undefined && own('ssm.inner_size') !== wanted) refuse(`ssm.inner_size is ${own('ssm.inner_size')}, not ${wanted}`)
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
