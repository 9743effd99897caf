import { z } from '@hono/zod-openapi'
import { describeOption, METHODS_BY_NAME, METHODS_IN_WORDS, OPTIONS_BY_FIELD } from '../api/method-options.ts'
import { OPTIONS } from '../api/methods.ts'
import { peerChatFields, peerCompletionFields, peerFields } from './peer-fields.ts'

/** What clients send. A field that is not known is refused, as OpenAI's own servers do: nobody's wish is ignored. */

const text = z.object({ type: z.enum(['text', 'input_text', 'output_text']), text: z.string() })
const content = z.union([z.string(), z.array(text)], 'text, or a list of text parts (images and sound are not supported)')

const toolCall = z.object({
  id: z.string().optional(),
  type: z.literal('function').default('function'),
  function: z.object({
    name: z.string().min(1),
    arguments: z.union([z.string().openapi({ example: '{}' }), z.record(z.string(), z.unknown())]),
  }),
})

export const messageSchema = z
  .discriminatedUnion('role', [
    z.object({ role: z.enum(['system', 'developer']), content, name: z.string().optional() }),
    z.object({ role: z.literal('user'), content, name: z.string().optional() }),
    z.object({
      role: z.literal('assistant'),
      content: content.nullish(),
      reasoning_content: z.string().nullish(),
      name: z.string().optional(),
      tool_calls: z.array(toolCall).nullish(),
      function_call: z.null('is an old form: send tool_calls').optional(),
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

const methodType = z.enum([...METHODS_BY_NAME.keys()]).optional()
const optionSchema = (name: keyof typeof OPTIONS) => z.optional(OPTIONS[name].type).openapi({ description: describeOption(name) })
const optionFields: object = Object.fromEntries([...OPTIONS_BY_FIELD].map(([field, name]) => [field, optionSchema(name)]))
/** llama.cpp's spelling: `speculative.n_max`. */
const dottedFields: object = Object.fromEntries([
  ['speculative.type', methodType],
  ...[...OPTIONS_BY_FIELD].map(([field, name]) => [`speculative.${field}`, optionSchema(name)]),
])

export const speculativeSchema = z
  .union([
    z.literal(false),
    z.object({
      type: methodType.openapi({ description: `How to draft; the text is the same. ${METHODS_IN_WORDS}` }),
      ...optionFields,
    }),
  ])
  .openapi('Speculative')

const schema = z.union([jsonObject, z.boolean()])
const tokenLimit = z
  .int()
  .min(-1)
  .refine((count) => count !== 0, 'at least 1, or -1: to the end of the context')
  .nullish()

const bias = z.number().min(-100).max(100)
const logitBias = z
  .union(
    [z.record(z.string().min(1).max(200), bias), z.array(z.tuple([z.union([z.int().min(0), z.string().min(1).max(200)]), bias])).max(1000)],
    'an object of token ids or texts with their bias (-100 to 100), or a list of such pairs',
  )
  .openapi({ description: 'Token ids, or texts: then of each of its tokens.' })

/** Fields that all kinds of completion share. */
export const common = {
  model: z.string().nullish().openapi({ description: 'Default: the model that is served.' }),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish(), continuous_usage_stats: z.literal(false).nullish() }).nullish(),
  n: z.int().min(1).max(16).nullish(),
  stop: z.union([z.string().min(1), z.array(z.string().min(1)).max(16)], 'text or a list of texts, none of them empty').nullish(),
  seed: z.int().nullish().openapi({ description: 'Below 0: another one each time, as without one.' }),
  temperature: z.number().min(0).max(100).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  top_k: z.int().min(-1).nullish(),
  min_p: z.number().min(0).max(1).nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  repeat_penalty: z.number().gt(0).max(10).nullish(),
  repetition_penalty: z.number().gt(0).max(10).nullish().openapi({ description: 'As repeat_penalty, over the whole text.' }),
  repeat_last_n: z.int().min(-1).nullish(),
  logit_bias: logitBias.nullish(),
  grammar: z.string().nullish().openapi({ description: 'GBNF rules that the answer must follow.' }),
  json_schema: schema.nullish().openapi({ description: 'As response_format with a schema.' }),
  guided_grammar: z.string().nullish(),
  guided_json: schema.nullish(),
  guided_choice: z.array(z.string().min(1)).min(1).nullish(),
  structured_outputs: z
    .strictObject({ json: schema.nullish(), grammar: z.string().nullish(), choice: z.array(z.string().min(1)).min(1).nullish() })
    .nullish(),
  ignore_eos: z.boolean().nullish(),
  cache_prompt: z.boolean().nullish().openapi({ description: 'False: nothing that earlier requests left in the caches is used.' }),
  max_tokens: tokenLimit,
  min_tokens: z.int().min(0).nullish().openapi({ description: 'The answer does not end before.' }),
  n_predict: tokenLimit,
  speculative: speculativeSchema.nullish(),
  ...dottedFields,
  ...peerFields,
}

export const chatSchema = z
  .strictObject({
    ...common,
    messages: z.array(messageSchema).min(1),
    max_completion_tokens: tokenLimit,
    chat_template_kwargs: jsonObject.nullish().openapi({ description: 'Variables of the chat template, e.g. enable_thinking.' }),
    enable_thinking: z.boolean().nullish().openapi({ description: 'As in chat_template_kwargs.' }),
    reasoning_effort: z.string().nullish().openapi({ description: 'As in chat_template_kwargs; none switches thinking off.' }),
    reasoning_format: z.enum(['none', 'auto', 'deepseek']).nullish(),
    include_reasoning: z.boolean().nullish(),
    continue_final_message: z.boolean().nullish().openapi({ description: 'Default: a last message of the assistant is gone on from.' }),
    add_generation_prompt: z.boolean().nullish(),
    ...peerChatFields,
    logprobs: z.boolean().nullish(),
    top_logprobs: z.int().min(0).max(20).nullish(),
    response_format: z
      .discriminatedUnion('type', [
        z.object({ type: z.literal('text') }),
        z.object({ type: z.literal('json_object'), schema: schema.nullish() }),
        z.object({
          type: z.literal('json_schema'),
          json_schema: z.object({
            name: z.string().optional(),
            schema,
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
  .strictObject({
    ...common,
    prompt: z.union([z.string().min(1), z.array(z.string().min(1)).min(1).max(16), tokenIds, z.array(tokenIds).min(1).max(16)]),
    logprobs: z.int().min(0).max(20).nullish(),
    echo: z.boolean().nullish(),
    ...peerCompletionFields,
    prediction: z.object({ type: z.literal('content'), content }).nullish(),
  })
  .openapi('CompletionRequest')

/** Characters: a second, in which nobody else is answered. */
const MOST_TOKENIZED = 2 ** 20

export const tokenizeSchema = z
  .strictObject({
    content: z.string().max(MOST_TOKENIZED, `at most ${MOST_TOKENIZED} characters at once: send a longer text in parts`),
    with_pieces: z.boolean().optional(),
    parse_special: z.boolean().optional().openapi({ description: 'Default true: control words in the text are their tokens.' }),
    add_special: z.boolean().optional().openapi({ description: 'Default false: begin as the model wants it.' }),
  })
  .openapi('TokenizeRequest')

export const detokenizeSchema = z.strictObject({ tokens: z.array(z.int().min(0)) }).openapi('DetokenizeRequest')

export type ChatBody = z.infer<typeof chatSchema>
export type CompletionBody = z.infer<typeof completionSchema>
/** What each of them makes its own of is left out. */
export type CommonBody = Omit<Pick<ChatBody & CompletionBody, keyof typeof common>, 'return_tokens' | 'response_fields'>
export type Content = z.infer<typeof content>
