import { inspect } from 'node:util'
import { z } from 'zod'
import { OuroborosError } from '../core/errors.ts'
import { omitUndefined } from '../core/omit-undefined.ts'
import { STORE_NAME } from '../core/phrases/phrase-store.ts'
import { METHOD_NAMES, optionsSchema } from './method-options.ts'
import { isPaper } from './paper-parameters.ts'
import type { GenerateRequest, LoadOptions } from './types.ts'

const object = z.record(z.string(), z.unknown())
const call = z.strictObject({ id: z.string().optional(), name: z.string().min(1), arguments: z.union([z.string(), object]) })
const message = z.strictObject({
  role: z.enum(['system', 'user', 'assistant', 'tool']),
  content: z.string(),
  reasoning: z.string().optional(),
  toolCalls: z.array(call).readonly().optional(),
  toolCallId: z.string().optional(),
  name: z.string().optional(),
})
const tool = z.strictObject({ name: z.string().min(1), description: z.string().optional(), parameters: object.optional() })
const stop = z
  .string()
  .min(1)
  .refine((text) => text.isWellFormed(), 'a lone surrogate is half a character: give whole ones')
const prompts = ({ prompt, promptTokens, messages }: { [key in keyof GenerateRequest]?: unknown }) =>
  [prompt, promptTokens, messages].filter((one) => one !== undefined).length
const wrongToken = (bias: object) => Object.keys(bias).find((key) => !/^\d+$/.test(key))

const storeName = z.string().regex(STORE_NAME, 'expected 1 to 64 letters, digits, - or _')

const requestSchema = z
  .strictObject({
    prompt: z.string().optional(),
    promptTokens: z.array(z.int().min(0)).readonly().optional(),
    messages: z.array(message).readonly().optional(),
    tools: z.array(tool).readonly().optional(),
    toolChoice: z
      .union([z.enum(['auto', 'required']), z.strictObject({ name: z.string() })], 'expected auto, required, or { name }')
      .optional(),
    parallelToolCalls: z.boolean().optional(),
    chatTemplateKwargs: object.optional(),
    continueFinalMessage: z.boolean().optional(),
    addGenerationPrompt: z.boolean().optional(),
    maxTokens: z
      .int()
      .refine((count) => count === -1 || count >= 1, 'expected at least 1, or -1 = to the end of the context')
      .optional(),
    minTokens: z.int().min(0).optional(),
    stop: z.union([stop, z.array(stop).readonly()], 'expected text or a list of texts, none of them empty').optional(),
    logprobs: z.int().min(0).max(20).optional(),
    method: z.enum(METHOD_NAMES).optional(),
    options: optionsSchema.optional(),
    grammar: z.string().optional(),
    jsonSchema: z.union([z.boolean(), z.record(z.string(), z.unknown())]).optional(),
    maxCachedTokens: z.int().min(0).optional(),
    prediction: z.string().optional(),
    tenant: storeName.optional(),
    trace: z.boolean().optional(),
    signal: z.instanceof(AbortSignal).optional(),
    temperature: z.number().min(0).max(100).optional(),
    topK: z.int().min(0).optional(),
    topP: z.number().gt(0).max(1).optional(),
    minP: z.number().min(0).max(1).optional(),
    repeatPenalty: z.number().gt(0).max(10).optional(),
    presencePenalty: z.number().min(-10).max(10).optional(),
    frequencyPenalty: z.number().min(-10).max(10).optional(),
    penaltyLastN: z.int().min(-1).optional(),
    logitBias: z
      .record(z.string(), z.number().min(-100).max(100))
      .refine((bias) => wrongToken(bias) === undefined, {
        error: ({ input }) => `expected token ids as keys: received ${inspect(wrongToken(input as object))}`,
      })
      .optional(),
    ignoreEos: z.boolean().optional(),
    seed: z.int().min(0).optional(),
  })
  .refine((request) => prompts(request) === 1, {
    error: ({ input }) => `give prompt, promptTokens or messages: received ${prompts(input as GenerateRequest) === 0 ? 'none' : 'several'}`,
  })
  .refine(({ method, options }) => options?.window !== 0 || !(method === 'lookahead' || isPaper(options.preset)), {
    path: ['options', 'window'],
    error: 'lookahead and the paper presets draft from their window: expected at least 1',
  })
  .refine(
    ({ ignoreEos, grammar, jsonSchema, tools }) => !ignoreEos || (grammar === undefined && jsonSchema === undefined && !tools?.length),
    {
      path: ['ignoreEos'],
      error: 'an answer that follows a grammar, or calls a tool, ends where that does: leave one out',
    },
  )
  .refine(
    ({ minTokens, stop, grammar, jsonSchema, tools }) =>
      !minTokens || (!stop?.length && grammar === undefined && jsonSchema === undefined && !tools?.length),
    {
      path: ['minTokens'],
      error: 'an answer that ends at a stop text, or where a grammar or call does, may be shorter: leave one out',
    },
  )
  .refine((request) => request.grammar === undefined || request.jsonSchema === undefined, 'give grammar or jsonSchema: received both')

const loadSchema = z.strictObject({
  target: z.string().min(1),
  draft: z.string().min(1).nullish(),
  library: z.string().min(1).optional(),
  calibrate: z.union([z.boolean(), z.literal('fresh')]).optional(),
  draftRequantize: z.boolean().optional(),
  contextLength: z
    .int()
    .min(16)
    .max(2 ** 20)
    .optional(),
  memoryCheck: z.boolean().optional(),
  sessions: z.int().min(1).max(64).optional(),
  threads: z.int().min(1).max(1024).optional(),
  gpuLayers: z.int().min(-1).optional(),
  draftGpuLayers: z.int().min(-1).optional(),
  devices: z.array(z.string().min(1)).readonly().optional(),
  flashAttention: z.boolean().optional(),
  cacheTypeK: z.enum(['f16', 'bf16', 'f32', 'q8_0']).optional(),
  cacheTypeV: z.enum(['f16', 'bf16', 'f32', 'q8_0']).optional(),
  kernels: z.boolean().optional(),
  exact: z.boolean().optional(),
  chatTemplate: z.string().min(1).optional(),
  corpusFiles: z.array(z.string().min(1)).readonly().optional(),
  history: z
    .union([
      z.literal(false),
      z.strictObject({
        folder: z.string().min(1).optional(),
        name: storeName.optional(),
        tenant: storeName.optional(),
        most: z
          .int()
          .min(1000)
          .max(2 ** 24)
          .optional(),
        days: z.number().gt(0).optional(),
        share: z.string().min(1).optional(),
      }),
    ])
    .optional(),
  onLog: z.custom<(line: string) => void>((value) => typeof value === 'function').optional(),
  onWarning: z.custom<(line: string) => void>((value) => typeof value === 'function').optional(),
  onProgress: z.custom<LoadOptions['onProgress']>((value) => typeof value === 'function').optional(),
  signal: z.instanceof(AbortSignal).optional(),
})

/** Throws E_USAGE, saying what was received. */
export function checkRequest(request: GenerateRequest): void {
  check(requestSchema, request, 'request')
  if (request.tools && !request.messages) throw new OuroborosError('E_USAGE', 'tools: shown by the chat template only: give messages')
  const { toolChoice, tools } = request
  if (toolChoice && toolChoice !== 'auto') {
    const names = (tools ?? []).map((tool) => tool.name)
    if (names.length === 0) throw new OuroborosError('E_USAGE', 'toolChoice: there are no tools: received none')
    if (typeof toolChoice === 'object' && !names.includes(toolChoice.name))
      throw new OuroborosError('E_USAGE', `toolChoice: there is no tool ${inspect(toolChoice.name)}: there are ${names.join(', ')}`)
    if (request.grammar !== undefined || request.jsonSchema !== undefined)
      throw new OuroborosError('E_USAGE', 'toolChoice: a call and a grammar or schema cannot both be met: leave one out')
  }
  if (request.prompt === '') throw new OuroborosError('E_PROMPT', 'the prompt is empty: received 0 characters, give some text')
  if (request.messages?.length === 0)
    throw new OuroborosError('E_PROMPT', 'the conversation is empty: received 0 messages, give at least one')
}

/** Throws E_USAGE, saying what was received. */
export function checkLoadOptions(options: LoadOptions): void {
  check(loadSchema, options, 'options')
}

/** An option that is `undefined` counts as not given. */
function check(schema: z.ZodType, value: unknown, name: string): void {
  const outcome = schema.safeParse(typeof value === 'object' && value !== null ? omitUndefined(value) : value)
  if (outcome.success) return
  const issue = outcome.error.issues[0] as z.core.$ZodIssue
  const received = issue.path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], value)
  const isPlain = typeof received !== 'object' || received === null
  const message = isPlain ? `${issue.message.replace(/, received \w+$/, '')}: received ${inspect(received)}` : issue.message
  throw new OuroborosError('E_USAGE', `${issue.path.join('.') || name}: ${message}`)
}
