import { randomInt } from 'node:crypto'
import type { GenerateRequest, Method, MethodOptions } from '../api/types.ts'
import { toolGrammar } from '../text/tool-grammar.ts'
import { toChatMessages, toText } from './messages.ts'
import { ApiError } from './openai-error.ts'
import type { ServerOptions } from './options.ts'
import type { ChatBody, CommonBody, CompletionBody } from './request-schemas.ts'

type Defaults = NonNullable<ServerOptions['defaults']>

/** One engine request per choice, from a chat body. Throws ApiError and E_GRAMMAR. */
export function chatRequests(body: ChatBody, defaults: Defaults): GenerateRequest[] {
  if (body.top_logprobs && !body.logprobs) throw new ApiError(400, 'top_logprobs needs logprobs: true', { param: 'top_logprobs' })
  const tools = usedTools(body)
  const maxTokens = body.max_completion_tokens ?? body.max_tokens
  return choices(body, defaults, {
    messages: toChatMessages(body.messages),
    ...(tools && {
      tools: tools.map(({ function: { name, description, parameters } }) => ({
        name,
        ...(description && { description }),
        ...(parameters && { parameters }),
      })),
    }),
    ...(maxTokens && { maxTokens }),
    ...(body.logprobs && { logprobs: body.top_logprobs ?? 0 }),
    ...(body.steps === 'trace' && { trace: true }),
    ...format(body),
    ...(body.prediction && { prediction: toText(body.prediction.content) }),
  })
}

/** One engine request per prompt and choice, from a completion body. */
export function completionRequests(body: CompletionBody, defaults: Defaults): GenerateRequest[] {
  return prompts(body.prompt).flatMap((prompt) =>
    choices(body, defaults, {
      ...prompt,
      ...(body.max_tokens && { maxTokens: body.max_tokens }),
      ...(typeof body.logprobs === 'number' && { logprobs: body.logprobs }),
      ...(body.prediction && { prediction: toText(body.prediction.content) }),
    }),
  )
}

/** The tools that the model is to know of. */
function usedTools({ tools, tool_choice: choice }: ChatBody): ChatBody['tools'] {
  if (!tools || tools.length === 0) {
    if (choice && choice !== 'none' && choice !== 'auto')
      throw new ApiError(400, 'tool_choice needs tools: received none', { param: 'tool_choice' })
    return undefined
  }
  return choice === 'none' ? undefined : tools
}

/** What the answer must look like: a schema, a grammar, a tool's call, or anything. */
function format(body: ChatBody): Pick<GenerateRequest, 'grammar' | 'jsonSchema'> {
  const { tool_choice: choice, response_format: wanted, grammar } = body
  const isForced = choice === 'required' || typeof choice === 'object'
  if ([isForced && choice, wanted && wanted.type !== 'text', grammar].filter(Boolean).length > 1)
    throw new ApiError(400, 'only one of response_format, grammar and a forced tool_choice can be met', { param: 'response_format' })
  if (choice && isForced) {
    const named = typeof choice === 'object' ? choice.function.name : undefined
    const tools = (body.tools ?? []).filter((tool) => named === undefined || tool.function.name === named)
    if (tools.length === 0) throw new ApiError(400, `tool_choice: there is no tool ${JSON.stringify(named)}`, { param: 'tool_choice' })
    return {
      grammar: toolGrammar(
        tools.map((tool) => tool.function),
        named === undefined && body.parallel_tool_calls !== false,
      ),
    }
  }
  if (wanted?.type === 'json_object') return { jsonSchema: { type: 'object' } }
  if (wanted?.type === 'json_schema') return { jsonSchema: wanted.json_schema.schema }
  return {}
}

function prompts(prompt: CompletionBody['prompt']): Pick<GenerateRequest, 'prompt' | 'promptTokens'>[] {
  if (typeof prompt === 'string') return [{ prompt }]
  if (typeof prompt[0] === 'number') return [{ promptTokens: prompt as number[] }]
  return (prompt as string[] | number[][]).map((one) => (typeof one === 'string' ? { prompt: one } : { promptTokens: one }))
}

/** The request `n` times; choices differ by their seed. */
function choices(body: CommonBody, defaults: Defaults, own: GenerateRequest): GenerateRequest[] {
  // Without a seed of its own a request is not to repeat the last one.
  const seed = typeof body.seed === 'number' ? Math.abs(body.seed) : (defaults.seed ?? randomInt(2 ** 31))
  const request = {
    ...defaults,
    ...sampling(body),
    ...drafting(body.speculative, defaults),
    ...(body.grammar && { grammar: body.grammar }),
    ...own,
  }
  return Array.from({ length: body.n ?? 1 }, (_, i) => ({ ...request, seed: seed + i }))
}

function sampling(body: CommonBody): GenerateRequest {
  const all = {
    temperature: body.temperature,
    topP: body.top_p === 0 ? undefined : body.top_p,
    topK: body.top_p === 0 ? 1 : body.top_k,
    minP: body.min_p,
    presencePenalty: body.presence_penalty,
    frequencyPenalty: body.frequency_penalty,
    repeatPenalty: body.repeat_penalty,
    penaltyLastN: body.repeat_last_n,
    logitBias: body.logit_bias,
    stop: body.stop,
  }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined && value !== null))
}

const METHODS: Readonly<Record<string, Method>> = {
  none: 'vanilla',
  vanilla: 'vanilla',
  'draft-simple': 'speculative',
  speculative: 'speculative',
  'ngram-simple': 'prompt-lookup',
  'prompt-lookup': 'prompt-lookup',
  lookahead: 'lookahead',
  ouroboros: 'ouroboros',
}

/** How to draft: the request's own wish, on top of the server's. */
function drafting(wish: CommonBody['speculative'], defaults: Defaults): Pick<GenerateRequest, 'method' | 'options'> {
  if (wish === undefined || wish === null) return {}
  if (wish === false) return { method: 'vanilla' }
  const named: MethodOptions = Object.fromEntries(
    Object.entries({
      draftLength: wish.n_max,
      minProbability: wish.p_min,
      lookupNgram: wish.ngram_size,
      window: wish.window,
      ngram: wish.ngram,
      guesses: wish.guesses,
      suffixes: wish.suffixes,
      branches: wish.branches,
      directChance: wish.direct_chance,
    }).filter(([, value]) => value !== undefined),
  )
  return {
    ...(wish.type && { method: METHODS[wish.type] as Method }),
    ...(Object.keys(named).length > 0 && { options: { ...defaults.options, ...named } }),
  }
}
