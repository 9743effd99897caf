import { z } from '@hono/zod-openapi'

/** What the server answers. */

export const errorSchema = z
  .object({
    error: z.object({
      message: z.string(),
      type: z.string(),
      param: z.string().nullable(),
      code: z.string().nullable(),
      n_prompt_tokens: z.int().optional(),
      n_ctx: z.int().optional(),
    }),
  })
  .openapi('Error')

const usage = z
  .object({
    prompt_tokens: z.int(),
    completion_tokens: z.int(),
    total_tokens: z.int(),
    prompt_tokens_details: z.object({ cached_tokens: z.int() }),
    completion_tokens_details: z.object({ accepted_prediction_tokens: z.int(), rejected_prediction_tokens: z.int() }),
  })
  .openapi('Usage')

export const timings = z
  .object({
    cache_n: z.int(),
    prompt_n: z.int(),
    prompt_ms: z.number(),
    prompt_per_token_ms: z.number(),
    prompt_per_second: z.number(),
    predicted_n: z.int(),
    predicted_ms: z.number(),
    predicted_per_token_ms: z.number(),
    predicted_per_second: z.number(),
    draft_n: z.int(),
    draft_n_accepted: z.int(),
    speculative_decoding: z.object({
      mean_acceptance_length: z.number(),
      draft_acceptance_rate: z.number(),
      acceptance_histogram: z.array(z.int()),
      num_spec_steps: z.int(),
      num_draft_tokens: z.int(),
      num_accepted_draft_tokens: z.int(),
    }),
  })
  .openapi('Timings')

const logprob = z.object({ token: z.string(), logprob: z.number(), bytes: z.array(z.int()) })
const chatLogprobs = z.object({ content: z.array(logprob.extend({ top_logprobs: z.array(logprob) })), refusal: z.null() }).nullable()
const textLogprobs = z
  .object({
    tokens: z.array(z.string()),
    token_logprobs: z.array(z.number()),
    top_logprobs: z.array(z.record(z.string(), z.number())),
    text_offset: z.array(z.int()),
  })
  .nullable()
const finish = z.enum(['stop', 'length', 'tool_calls'])
const toolCall = z.object({
  index: z.int().optional(),
  id: z.string(),
  type: z.literal('function'),
  function: z.object({ name: z.string(), arguments: z.string() }),
})

const origin = z.enum(['target', 'draft', 'phrase'])
const source = z.enum(['window', 'verification', 'prompt', 'history', 'corpus', 'prediction']).optional()
const step = z
  .object({
    text: z.string(),
    tokens: z.array(z.object({ text: z.string(), origin, source })),
    widths: z.object({ target: z.int(), draft: z.array(z.int()) }).optional(),
    trace: z
      .object({
        before: z.int(),
        draftPasses: z.int(),
        tree: z.array(z.object({ parent: z.int(), token: z.int(), text: z.string(), origin, source, chance: z.number().optional() })),
        accepted: z.array(z.int()),
        learned: z.array(z.object({ key: z.string(), phrase: z.string(), source })),
        pool: z.object({ size: z.int(), lookups: z.int(), hits: z.int() }).optional(),
      })
      .optional(),
  })
  .openapi('Step')
const steps = z.array(step).optional()

const head = { id: z.string(), created: z.int(), model: z.string(), system_fingerprint: z.string() }
const tail = { usage: usage.optional(), timings: timings.optional() }

export const chatResponseSchema = z
  .object({
    ...head,
    object: z.literal('chat.completion'),
    choices: z.array(
      z.object({
        index: z.int(),
        message: z.object({
          role: z.literal('assistant'),
          content: z.string().nullable(),
          refusal: z.null(),
          reasoning_content: z.string().optional(),
          tool_calls: z.array(toolCall).optional(),
        }),
        logprobs: chatLogprobs,
        finish_reason: finish,
        steps,
      }),
    ),
    ...tail,
  })
  .openapi('ChatCompletion')

export const chatChunkSchema = z
  .object({
    ...head,
    object: z.literal('chat.completion.chunk'),
    choices: z.array(
      z.object({
        index: z.int(),
        delta: z.object({
          role: z.literal('assistant').optional(),
          content: z.string().nullable().optional(),
          reasoning_content: z.string().optional(),
          tool_calls: z.array(toolCall).optional(),
        }),
        logprobs: chatLogprobs,
        finish_reason: finish.nullable(),
        steps,
      }),
    ),
    usage: usage.nullable().optional(),
    timings: timings.optional(),
  })
  .openapi('ChatCompletionChunk')

/** Of a whole answer and of a chunk: they have the same shape. */
export const completionResponseSchema = z
  .object({
    ...head,
    object: z.literal('text_completion'),
    choices: z.array(z.object({ index: z.int(), text: z.string(), logprobs: textLogprobs, finish_reason: finish.nullable() })),
    usage: usage.nullable().optional(),
    timings: timings.optional(),
  })
  .openapi('Completion')

export const modelSchema = z
  .object({ id: z.string(), object: z.literal('model'), created: z.int(), owned_by: z.string(), aliases: z.array(z.string()) })
  .openapi('Model')
export const modelListSchema = z.object({ object: z.literal('list'), data: z.array(modelSchema) }).openapi('ModelList')

export const healthSchema = z
  .object({ status: z.enum(['ok', 'stopping']), slots_idle: z.int(), slots_processing: z.int() })
  .openapi('Health')

const curve = z.object({
  widths: z.array(z.int()).readonly(),
  seconds: z.array(z.number()).readonly(),
  overheadSeconds: z.number().optional(),
  context: z.object({ perPass: z.number(), perToken: z.number() }).optional(),
})

export const slotsSchema = z
  .array(z.object({ id: z.int(), n_ctx: z.int(), speculative: z.boolean(), is_processing: z.boolean() }))
  .openapi('Slots')

export const propsSchema = z
  .object({
    model_alias: z.string(),
    model_path: z.string(),
    total_slots: z.int(),
    n_ctx: z.int(),
    chat_template_tools: z.boolean(),
    library: z.string(),
    kernels: z.object({ set: z.string().nullable(), about: z.string() }),
    exact: z.boolean(),
    devices: z.array(z.string()),
    threads: z.int(),
    target: z.object({ description: z.string(), n_params: z.number(), size: z.number(), n_vocab: z.int() }),
    draft: z.object({ description: z.string(), n_params: z.number(), size: z.number(), n_vocab: z.int() }).nullable(),
    costs: z.object({ target: curve, draft: curve.nullable() }).nullable(),
    default_generation_settings: z.object({ n_ctx: z.int(), params: z.record(z.string(), z.unknown()) }),
  })
  .openapi('Props')

export const tokensSchema = z
  .object({ tokens: z.array(z.union([z.int(), z.object({ id: z.int(), piece: z.union([z.string(), z.array(z.int())]) })])) })
  .openapi('Tokens')
export const promptSchema = z.object({ prompt: z.string() }).openapi('Prompt')
export const countSchema = z.object({ input_tokens: z.int() }).openapi('TokenCount')
export const textSchema = z.object({ content: z.string() }).openapi('Text')

export type StepBody = z.infer<typeof step>
export type Usage = z.infer<typeof usage>
export type TimingsBody = z.infer<typeof timings>
export type ChatChunk = z.infer<typeof chatChunkSchema>
export type ChatResponse = z.infer<typeof chatResponseSchema>
export type CompletionResponse = z.infer<typeof completionResponseSchema>
export type ChatLogprobs = z.infer<typeof chatLogprobs>
export type TextLogprobs = z.infer<typeof textLogprobs>
