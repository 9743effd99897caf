import { createHash, randomInt } from 'node:crypto'
import { METHODS_BY_NAME, OPTIONS_BY_FIELD } from '../api/method-options.ts'
import type { Method, MethodOptions } from '../api/methods.ts'
import type { Engine, GenerateRequest, Tool } from '../api/types.ts'
import { omitUndefined } from '../core/omit-undefined.ts'
import { toChatMessages, toText } from './messages.ts'
import { ApiError } from './openai-error.ts'
import type { ServerOptions } from './options.ts'
import type { ChatBody, CommonBody, CompletionBody } from './request-schemas.ts'

type Defaults = NonNullable<ServerOptions['defaults']>

/** One engine request per choice, from a chat body. Throws ApiError and E_GRAMMAR. */
export function chatRequests(body: ChatBody, defaults: Defaults): GenerateRequest[] {
  if (body.top_logprobs && !body.logprobs) throw new ApiError(400, 'top_logprobs needs logprobs: true', { param: 'top_logprobs' })
  if (body.continue_final_message && body.add_generation_prompt)
    throw new ApiError(
      400,
      'an answer is begun or gone on from: only one of add_generation_prompt and continue_final_message can be true',
      {
        param: 'continue_final_message',
      },
    )
  const tools = usedTools(body)
  const maxTokens = body.max_completion_tokens ?? body.max_tokens ?? body.n_predict
  const kwargs = { ...defaults.chatTemplateKwargs, ...templateKwargs(body) }
  return choices(body, defaults, {
    messages: toChatMessages(body.messages),
    ...(tools && { tools: tools.map(toTool), ...toolChoice(body) }),
    ...(Object.keys(kwargs).length > 0 && { chatTemplateKwargs: kwargs }),
    ...(typeof body.continue_final_message === 'boolean' && { continueFinalMessage: body.continue_final_message }),
    ...(body.add_generation_prompt === false && { addGenerationPrompt: false }),
    ...(maxTokens && { maxTokens }),
    ...(body.logprobs && { logprobs: body.top_logprobs ?? 0 }),
    ...(body.steps === 'trace' && { trace: true }),
    ...formOf(body),
    ...(body.prediction && { prediction: toText(body.prediction.content) }),
  })
}

/** One engine request per prompt and choice, from a completion body. */
export function completionRequests(body: CompletionBody, defaults: Defaults): GenerateRequest[] {
  return prompts(body.prompt).flatMap((prompt) =>
    choices(body, defaults, {
      ...prompt,
      ...((body.max_tokens ?? body.n_predict) && { maxTokens: (body.max_tokens ?? body.n_predict) as number }),
      ...formOf(body),
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

function toTool({ function: { name, description, parameters } }: NonNullable<ChatBody['tools']>[number]): Tool {
  return { name, ...(description && { description }), ...(parameters && { parameters }) }
}

function toolChoice({
  tools,
  tool_choice: choice,
  parallel_tool_calls: parallel,
}: ChatBody): Pick<GenerateRequest, 'toolChoice' | 'parallelToolCalls'> {
  const named = typeof choice === 'object' ? choice?.function.name : undefined
  if (named !== undefined && !tools?.some((tool) => tool.function.name === named))
    throw new ApiError(400, `tool_choice: there is no tool ${JSON.stringify(named)}`, { param: 'tool_choice' })
  return {
    ...(named !== undefined ? { toolChoice: { name: named } } : choice === 'required' && { toolChoice: 'required' as const }),
    ...(parallel === false && { parallelToolCalls: false }),
  }
}

function templateKwargs(body: ChatBody): Record<string, unknown> {
  const effort = body.reasoning_effort
  return {
    ...body.chat_template_kwargs,
    ...(effort && { reasoning_effort: effort }),
    ...(effort === 'none' && { enable_thinking: false }),
    ...(typeof body.enable_thinking === 'boolean' && { enable_thinking: body.enable_thinking }),
  }
}

/** The body with its `logit_bias` by token: texts are taken as llama.cpp takes them, each of their tokens. */
export async function withTokenBias<T extends Pick<CommonBody, 'logit_bias'>>(body: T, engine: Pick<Engine, 'tokenize'>): Promise<T> {
  if (!body.logit_bias) return body
  const pairs: readonly (readonly [string | number, number])[] = Array.isArray(body.logit_bias)
    ? body.logit_bias
    : Object.entries(body.logit_bias)
  const biases = await Promise.all(
    pairs.map(async ([token, bias]) => {
      const tokens = /^\d{1,7}$/.test(String(token)) ? [Number(token)] : await engine.tokenize(String(token), { special: false })
      return tokens.map((one) => [one, bias] as const)
    }),
  )
  return { ...body, logit_bias: Object.fromEntries(biases.flat()) }
}

type Form = Pick<GenerateRequest, 'grammar' | 'jsonSchema'>

/** What the answer must look like: a schema, a grammar, one of some texts, or anything. Only one wish can be met. */
export function formOf(body: CommonBody & Pick<Partial<ChatBody>, 'response_format' | 'tool_choice'>): Form {
  const { response_format: wanted, tool_choice: choice, structured_outputs: structured } = body
  const isForced = choice === 'required' || typeof choice === 'object'
  const schemas = [wantedSchema(wanted), body.json_schema, body.guided_json, structured?.json].filter(
    (one) => one !== undefined && one !== null,
  )
  const grammars = [body.grammar, body.guided_grammar, structured?.grammar].filter((one) => typeof one === 'string' && one !== '')
  const texts = [body.guided_choice, structured?.choice].filter((one) => Array.isArray(one))
  const wishes = schemas.length + grammars.length + texts.length
  if (wishes + (choice && isForced ? 1 : 0) > 1)
    throw new ApiError(400, 'only one of response_format, a schema, a grammar, a choice and a forced tool_choice can be met', {
      param: 'response_format',
    })
  if (schemas.length > 0) return { jsonSchema: schemas[0] as NonNullable<Form['jsonSchema']> }
  // A byte order mark is how some editors begin a file, and no rule.
  if (grammars.length > 0) return { grammar: (grammars[0] as string).replace(/^\uFEFF/, '') }
  if (texts.length > 0) return { grammar: `root ::= ${(texts[0] as string[]).map(literal).join(' | ')}` }
  return {}
}

function wantedSchema(wanted: ChatBody['response_format']): Form['jsonSchema'] | undefined {
  if (wanted?.type === 'json_object') return wanted.schema ?? { type: 'object' }
  return wanted?.type === 'json_schema' ? wanted.json_schema.schema : undefined
}

/** A text in GBNF. */
function literal(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r')}"`
}

function prompts(prompt: CompletionBody['prompt']): Pick<GenerateRequest, 'prompt' | 'promptTokens'>[] {
  if (typeof prompt === 'string') return [{ prompt }]
  if (typeof prompt[0] === 'number') return [{ promptTokens: prompt as number[] }]
  return (prompt as string[] | number[][]).map((one) => (typeof one === 'string' ? { prompt: one } : { promptTokens: one }))
}

/** The request `n` times; choices differ by their seed. */
export function choices(body: CommonBody, defaults: Defaults, own: GenerateRequest): GenerateRequest[] {
  // Without a seed of its own a request is not to repeat the last one.
  const isGiven = typeof body.seed === 'number' && body.seed >= 0
  const seed = isGiven ? (body.seed as number) : (defaults.seed ?? randomInt(2 ** 31))
  const request = {
    ...defaults,
    ...sampling(body),
    ...drafting(body, defaults),
    ...own,
  }
  return Array.from({ length: body.n ?? 1 }, (_, i) => ({ ...request, seed: i === 0 ? seed : independent(seed, i) }))
}

/** The seed of a further choice: another request with a seed nearby does not repeat it. */
function independent(seed: number, choice: number): number {
  return createHash('sha256').update(`${seed}/${choice}`).digest().readUInt32LE() >>> 1
}

function sampling(body: CommonBody): GenerateRequest {
  const all = {
    temperature: body.temperature,
    topP: body.top_p === 0 ? undefined : body.top_p,
    topK: body.top_p === 0 ? 1 : body.top_k === -1 ? 0 : body.top_k,
    minP: body.min_p,
    presencePenalty: body.presence_penalty,
    frequencyPenalty: body.frequency_penalty,
    repeatPenalty: body.repeat_penalty ?? body.repetition_penalty,
    penaltyLastN: body.repeat_last_n ?? (body.repetition_penalty ? -1 : undefined),
    ignoreEos: body.ignore_eos || undefined,
    maxCachedTokens: body.cache_prompt === false ? 0 : undefined,
    logitBias: body.logit_bias as Readonly<Record<number, number>> | null | undefined, // texts are tokens by now
    minTokens: body.min_tokens || undefined,
    stop: body.stop,
  }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined && value !== null))
}

/** How to draft: the request's own wish, on top of the server's. */
function drafting(body: CommonBody, defaults: Defaults): Pick<GenerateRequest, 'method' | 'options'> {
  const wish = body.speculative
  if (wish === false) return { method: 'vanilla' }
  const dotted = Object.entries(body).flatMap(([key, value]) => (key.startsWith('speculative.') ? [[key.slice(12), value]] : []))
  const fields: Readonly<Record<string, unknown>> = { ...Object.fromEntries(dotted), ...wish }
  const type = fields['type'] as string | undefined
  const named: MethodOptions = omitUndefined(Object.fromEntries([...OPTIONS_BY_FIELD].map(([field, name]) => [name, fields[field]])))
  return {
    ...(type && { method: METHODS_BY_NAME.get(type) as Method }),
    ...(Object.keys(named).length > 0 && { options: { ...defaults.options, ...named } }),
  }
}
