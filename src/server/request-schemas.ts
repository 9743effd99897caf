import { z } from '@hono/zod-openapi'

/** What clients send. Unknown fields are ignored, as OpenAI's own servers and llama.cpp do; what would change the answer is refused. */

const text = z.object({ type: z.literal('text'), text: z.string() })
const content = z.union([z.string(), z.array(text)], 'text, or a list of text parts (images and sound are not supported)')

const toolCall = z.object({
  id: z.string().optional(),
  type: z.literal('function').default('function'),
  function: z.object({ name: z.string().min(1), arguments: z.string().openapi({ example: '{}' }) }),
})

export const messageSchema = z
  .discriminatedUnion('role', [
    z.object({ role: z.enum(['system', 'developer']), content, name: z.string().optional() }),
    z.object({ role: z.literal('user'), content, name: z.string().optional() }),
    z.object({
      role: z.literal('assistant'),
      content: content.nullish(),
      name: z.string().optional(),
      tool_calls: z.array(toolCall).nullish(),
    }),
    z.object({ role: z.literal('tool'), content, tool_call_id: z.string(), name: z.string().optional() }),
  ])
  .openapi('ChatMessage')

const jsonObject = z.record(z.string(), z.unknown())

const tool = z
  .object({
    type: z.literal('function'),
    function: z.object({
      name: z.string().regex(/^[\w.-]{1,64}$/),
      description: z.string().nullish(),
      parameters: jsonObject.nullish(),
      strict: z.boolean().nullish(),
    }),
  })
  .openapi('Tool')

export const speculativeSchema = z
  .union([
    z.literal(false),
    z.object({
      type: z
        .enum(['none', 'vanilla', 'draft-simple', 'speculative', 'ngram-simple', 'prompt-lookup', 'lookahead', 'ouroboros'])
        .optional()
        .openapi({ description: 'How to draft; the text is the same.' }),
      n_max: z.int().min(1).max(256).optional().openapi({ description: 'Draft tokens per step [gamma].' }),
      p_min: z.number().min(0).max(1).optional(),
      ngram_size: z.int().min(1).max(64).optional(),
      window: z.int().min(0).max(64).optional().openapi({ description: 'Columns of the lookahead window [W].' }),
      ngram: z.int().min(3).max(17).optional().openapi({ description: '[N]' }),
      guesses: z.int().min(0).max(64).optional().openapi({ description: '[G]' }),
      suffixes: z.int().min(0).max(64).optional().openapi({ description: '[K]' }),
      branches: z.int().min(0).max(64).optional(),
      direct_chance: z.number().min(0).max(2).optional(),
    }),
  ])
  .openapi('Speculative')

/** Fields that both kinds of completion share. */
const common = {
  model: z.string().optional().openapi({ description: 'Default: the model that is served.' }),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  n: z.int().min(1).max(16).nullish(),
  stop: z.union([z.string().min(1), z.array(z.string().min(1)).max(16)], 'text or a list of texts, none of them empty').nullish(),
  seed: z.int().nullish(),
  temperature: z.number().min(0).max(100).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  top_k: z.int().min(0).nullish(),
  min_p: z.number().min(0).max(1).nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  repeat_penalty: z.number().gt(0).max(10).nullish(),
  repeat_last_n: z.int().min(-1).nullish(),
  logit_bias: z.record(z.string().regex(/^\d{1,7}$/), z.number().min(-100).max(100)).nullish(),
  grammar: z.string().nullish().openapi({ description: 'GBNF rules that the answer must follow.' }),
  speculative: speculativeSchema.nullish(),
  user: z.string().nullish(),
}

const tokenLimit = z.int().min(1).nullish()

export const chatSchema = z
  .object({
    ...common,
    messages: z.array(messageSchema).min(1),
    max_tokens: tokenLimit,
    max_completion_tokens: tokenLimit,
    logprobs: z.boolean().nullish(),
    top_logprobs: z.int().min(0).max(20).nullish(),
    response_format: z
      .discriminatedUnion('type', [
        z.object({ type: z.literal('text') }),
        z.object({ type: z.literal('json_object') }),
        z.object({
          type: z.literal('json_schema'),
          json_schema: z.object({
            name: z.string().optional(),
            schema: z.union([jsonObject, z.boolean()]),
            strict: z.boolean().nullish(),
          }),
        }),
      ])
      .nullish(),
    tools: z.array(tool).max(128).nullish(),
    tool_choice: z
      .union([z.enum(['none', 'auto', 'required']), z.object({ type: z.literal('function'), function: z.object({ name: z.string() }) })])
      .nullish(),
    parallel_tool_calls: z.boolean().nullish(),
    prediction: z.object({ type: z.literal('content'), content }).nullish(),
    steps: z
      .union([z.boolean(), z.literal('trace')])
      .nullish()
      .openapi({
        description: 'Adds the steps to each choice: tokens with their origin; `trace`: also what was drafted, tried and learned.',
      }),
  })
  .openapi('ChatCompletionRequest')

const tokenIds = z.array(z.int().min(0)).min(1)

export const completionSchema = z
  .object({
    ...common,
    prompt: z.union([z.string().min(1), z.array(z.string().min(1)).min(1).max(16), tokenIds, z.array(tokenIds).min(1).max(16)]),
    max_tokens: tokenLimit,
    logprobs: z.int().min(0).max(20).nullish(),
    echo: z.boolean().nullish(),
    suffix: z.null().optional(),
    best_of: z.literal(1).nullish(),
    prediction: z.object({ type: z.literal('content'), content }).nullish(),
  })
  .openapi('CompletionRequest')

export const tokenizeSchema = z.object({ content: z.string(), with_pieces: z.boolean().optional() }).openapi('TokenizeRequest')

export const detokenizeSchema = z.object({ tokens: z.array(z.int().min(0)) }).openapi('DetokenizeRequest')

export type ChatBody = z.infer<typeof chatSchema>
export type CompletionBody = z.infer<typeof completionSchema>
export type CommonBody = Pick<ChatBody & CompletionBody, keyof typeof common>
export type Content = z.infer<typeof content>
