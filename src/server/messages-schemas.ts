import { z } from '@hono/zod-openapi'

/** Anthropic's messages, in their text and tool parts. */

const cacheControl = { cache_control: z.unknown().optional() }
const text = z.object({ type: z.literal('text'), text: z.string(), ...cacheControl })
const texts = z.union([z.string(), z.array(text)], 'text, or a list of text blocks (images and documents are not supported)')
const block = z.discriminatedUnion('type', [
  text,
  z.object({ type: z.literal('thinking'), thinking: z.string(), signature: z.string().optional() }),
  z.object({ type: z.literal('redacted_thinking'), data: z.string() }),
  z.object({
    type: z.literal('tool_use'),
    id: z.string(),
    name: z.string().min(1),
    input: z.record(z.string(), z.unknown()),
    ...cacheControl,
  }),
  z.object({
    type: z.literal('tool_result'),
    tool_use_id: z.string(),
    content: texts.optional(),
    is_error: z.boolean().optional(),
    ...cacheControl,
  }),
])

export const messagesSchema = z
  .strictObject({
    model: z.string().optional(),
    max_tokens: z.int().min(1),
    messages: z.array(z.object({ role: z.enum(['user', 'assistant']), content: z.union([z.string(), z.array(block)]) })).min(1),
    system: texts.optional(),
    stop_sequences: z.array(z.string().min(1)).max(16).optional(),
    stream: z.boolean().optional(),
    temperature: z.number().min(0).max(100).optional(),
    top_p: z.number().min(0).max(1).optional(),
    top_k: z.int().min(0).optional(),
    tools: z
      .array(
        z.object({
          type: z.literal('custom', 'only tools of the client can be called').optional(),
          name: z.string().regex(/^[\w.-]{1,64}$/),
          description: z.string().optional(),
          input_schema: z.record(z.string(), z.unknown()),
          ...cacheControl,
        }),
      )
      .max(128)
      .optional(),
    tool_choice: z
      .discriminatedUnion('type', [
        z.object({ type: z.literal('auto'), disable_parallel_tool_use: z.boolean().optional() }),
        z.object({ type: z.literal('any'), disable_parallel_tool_use: z.boolean().optional() }),
        z.object({ type: z.literal('tool'), name: z.string(), disable_parallel_tool_use: z.boolean().optional() }),
        z.object({ type: z.literal('none') }),
      ])
      .optional(),
    thinking: z
      .discriminatedUnion('type', [
        z.object({ type: z.literal('enabled'), budget_tokens: z.int().optional() }),
        z.object({ type: z.literal('adaptive') }),
        z.object({ type: z.literal('disabled') }),
      ])
      .optional(),
    metadata: z.unknown().optional(),
    service_tier: z.unknown().optional(),
  })
  .openapi('MessagesRequest')

/** Nothing is written: there is no limit to give. */
export const countTokensSchema = messagesSchema.partial({ max_tokens: true }).openapi('CountTokensRequest')

const content = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text'), text: z.string() }),
  z.object({ type: z.literal('thinking'), thinking: z.string(), signature: z.string() }),
  z.object({ type: z.literal('tool_use'), id: z.string(), name: z.string(), input: z.record(z.string(), z.unknown()) }),
])

export const messageResponseSchema = z
  .object({
    id: z.string(),
    type: z.literal('message'),
    role: z.literal('assistant'),
    model: z.string(),
    content: z.array(content),
    stop_reason: z.enum(['end_turn', 'max_tokens', 'stop_sequence', 'tool_use']).nullable(),
    stop_sequence: z.string().nullable(),
    usage: z.object({
      input_tokens: z.int(),
      output_tokens: z.int(),
      cache_read_input_tokens: z.int(),
      cache_creation_input_tokens: z.int(),
    }),
  })
  .openapi('Message')

export const messageEventSchema = z.object({ type: z.string() }).openapi('MessageEvent')

export type MessagesBody = z.infer<typeof messagesSchema>
