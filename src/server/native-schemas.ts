import { z } from '@hono/zod-openapi'
import { common } from './request-schemas.ts'
import { timings } from './response-schemas.ts'

/** llama.cpp's own completion. */

const mixed = z.array(z.union([z.int().min(0), z.string().min(1)])).min(1)
const one = z.union([z.string().min(1), z.strictObject({ prompt_string: z.string().min(1) }), mixed])

export const nativeSchema = z
  .strictObject({
    ...common,
    prompt: z
      .union(
        [one, z.array(one).min(1).max(16)],
        'a text, token ids (texts may stand among them), or a list of such; images are not supported',
      )
      .openapi({ description: 'A list of texts is a list of prompts; with token ids among them it is one prompt.' }),
    n_probs: z.int().min(0).max(20).nullish().openapi({ description: 'Most likely tokens to tell at each place.' }),
    logprobs: z.null('is n_probs here').optional(),
    return_tokens: z.boolean().nullish(),
    response_fields: z
      .array(z.string().min(1))
      .max(64)
      .nullish()
      .openapi({ description: 'Only these fields of the answer, e.g. content, generation_settings/n_predict.' }),
  })
  .openapi('NativeCompletionRequest')

const probability = z.object({ id: z.int(), token: z.string(), bytes: z.array(z.int()), logprob: z.number() })

/** Of a whole answer and of an event; with `response_fields` only those, under their paths. */
export const nativeResponseSchema = z
  .looseObject({
    index: z.int().optional(),
    content: z.string().optional(),
    tokens: z.array(z.int()).optional(),
    stop: z.boolean().optional(),
    completion_probabilities: z.array(probability.extend({ top_logprobs: z.array(probability) })).optional(),
    stop_type: z.enum(['eos', 'limit', 'word', 'none']).optional(),
    timings: timings.optional(),
  })
  .openapi('NativeCompletion')

export type NativeBody = z.infer<typeof nativeSchema>
