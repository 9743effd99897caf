import { z } from '@hono/zod-openapi'

/** OpenAI's responses, in their text and tool parts. */

const never = 'is not supported here: leave it out'
const part = z.object({ type: z.enum(['input_text', 'output_text', 'text', 'summary_text', 'reasoning_text']), text: z.string() })
const content = z.union([z.string(), z.array(part)], 'text, or a list of text parts (images and files are not supported)')

const item = z.union(
  [
    z.object({
      type: z.literal('message').optional(),
      role: z.enum(['user', 'assistant', 'system', 'developer']),
      content,
    }),
    z.object({ type: z.literal('function_call'), call_id: z.string(), name: z.string().min(1), arguments: z.string() }),
    z.object({ type: z.literal('function_call_output'), call_id: z.string(), output: content }),
    z.object({ type: z.literal('reasoning'), summary: z.array(part).nullish(), content: z.array(part).nullish() }),
  ],
  'a message, function_call, function_call_output or reasoning with text',
)

const tool = z.object({
  type: z.literal('function', 'only functions of the client can be called'),
  name: z.string().regex(/^[\w.-]{1,64}$/),
  description: z.string().nullish(),
  parameters: z.record(z.string(), z.unknown()).nullish(),
  strict: z.boolean().nullish(),
})

const format = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text') }),
  z.object({ type: z.literal('json_object') }),
  z.object({
    type: z.literal('json_schema'),
    name: z.string().optional(),
    schema: z.union([z.record(z.string(), z.unknown()), z.boolean()]),
    strict: z.boolean().nullish(),
    description: z.string().nullish(),
  }),
])

export const responsesSchema = z
  .strictObject({
    model: z.string().optional(),
    input: z.union([z.string().min(1), z.array(item).min(1)], 'text, or a list of messages, calls and their outputs'),
    instructions: z.string().nullish(),
    max_output_tokens: z.int().min(1).nullish(),
    temperature: z.number().min(0).max(100).nullish(),
    top_p: z.number().min(0).max(1).nullish(),
    stream: z.boolean().nullish(),
    tools: z.array(tool).max(128).nullish(),
    tool_choice: z.union([z.enum(['none', 'auto', 'required']), z.object({ type: z.literal('function'), name: z.string() })]).nullish(),
    parallel_tool_calls: z.boolean().nullish(),
    text: z.object({ format: format.nullish(), verbosity: z.literal('medium', never).nullish() }).nullish(),
    reasoning: z.object({ effort: z.string().nullish(), summary: z.unknown() }).partial().nullish(),
    truncation: z.literal('disabled', never).nullish(),
    background: z.literal(false, never).nullish(),
    previous_response_id: z.null('answers are not kept: send the whole conversation').optional(),
    conversation: z.null('conversations are not kept: send the whole of it').optional(),
    prompt: z.null(never).optional(),
    max_tool_calls: z.null(never).optional(),
    top_logprobs: z.literal(0, never).nullish(),
    stream_options: z.unknown().optional(),
    include: z.unknown().optional(),
    store: z.unknown().optional(),
    metadata: z.record(z.string(), z.unknown()).nullish(),
    user: z.unknown().optional(),
    service_tier: z.unknown().optional(),
    safety_identifier: z.unknown().optional(),
    prompt_cache_key: z.unknown().optional(),
    prompt_cache_retention: z.unknown().optional(),
  })
  .openapi('ResponsesRequest')

export const responseSchema = z
  .object({
    id: z.string(),
    object: z.literal('response'),
    created_at: z.int(),
    status: z.enum(['in_progress', 'completed', 'incomplete', 'failed']),
    model: z.string(),
    output: z.array(z.object({ type: z.enum(['message', 'function_call', 'reasoning']), id: z.string() }).loose()),
    usage: z
      .object({
        input_tokens: z.int(),
        input_tokens_details: z.object({ cached_tokens: z.int() }),
        output_tokens: z.int(),
        output_tokens_details: z.object({ reasoning_tokens: z.int() }),
        total_tokens: z.int(),
      })
      .nullable(),
  })
  .loose()
  .openapi('Response')

export const responseEventSchema = z.object({ type: z.string(), sequence_number: z.int() }).loose().openapi('ResponseEvent')

export type ResponsesBody = z.infer<typeof responsesSchema>
