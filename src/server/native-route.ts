import type { Context } from 'hono'
import type { Engine, GeneratedToken, GenerateRequest, GenerationResult, GenerationStep } from '../api/types.ts'
import { type App, type AppEnv, postRoute } from './app-types.ts'
import { Job } from './job.ts'
import { finite } from './logprobs.ts'
import { type NativeBody, nativeResponseSchema, nativeSchema } from './native-schemas.ts'
import { settingsOf } from './native-settings.ts'
import { asApiError, errorBody } from './openai-error.ts'
import type { Serving } from './serving.ts'
import { plainEventStream } from './sse.ts'
import { choices, formOf, withTokenBias } from './to-request.ts'
import { timingsOf } from './totals.ts'

const route = postRoute('/completion', 'Continue a text, in llama.cpp’s own form', nativeSchema, {
  200: {
    description: 'the continuation, whole (a list, where there are several) or as events',
    content: {
      'application/json': { schema: nativeResponseSchema.or(nativeResponseSchema.array()) },
      'text/event-stream': { schema: nativeResponseSchema },
    },
  },
})

export function addNativeRoute(app: App, serving: Serving): void {
  app.openapi(route, async (c) => (await complete(c, c.req.valid('json'), serving)) as never)
}

/** One choice: what was asked, and the prompt as text. */
interface Asked {
  readonly request: GenerateRequest
  readonly prompt: string
}

async function complete(c: Context<AppEnv>, given: NativeBody, serving: Serving): Promise<Response> {
  serving.checkModel(given.model)
  const { engine, options } = serving
  const body = await withTokenBias(given, engine)
  const prompts = await Promise.all(promptsOf(body.prompt).map((prompt) => readPrompt(prompt, engine)))
  const maxTokens = body.n_predict ?? body.max_tokens
  const asked = prompts.flatMap(({ text, ...prompt }): Asked[] => {
    const own = { ...prompt, ...(maxTokens && { maxTokens }), ...(body.n_probs && { logprobs: body.n_probs }), ...formOf(body) }
    return choices(body, options.defaults ?? {}, own).map((request) => ({ request, prompt: text }))
  })
  const caller = { id: c.get('requestId'), client: c.get('client'), signal: c.req.raw.signal }
  const job = await Job.start(
    serving,
    asked.map(({ request }) => request),
    caller,
  )
  const end = (index: number, result: GenerationResult) => endOf(asked[index] as Asked, result, serving)
  const pick = (answer: Record<string, unknown>) => selected(answer, body.response_fields ?? [])
  if (body.stream)
    return plainEventStream(
      events(job, (index, result) => pick(end(index, result))),
      {
        writeMs: serving.limits.writeMs,
        onEnd: () => job.close(),
      },
    )
  const tokens: GeneratedToken[][] = asked.map(() => [])
  for await (const { index, step } of job.events()) if (step) tokens[index]?.push(...step.tokens)
  const answers = job.results.map((result, index) => {
    const written = tokens[index] ?? []
    const ids = body.return_tokens ? written.map(({ id }) => id) : []
    return pick({ ...end(index, result), content: result.text, tokens: ids, ...probabilities(written), index })
  })
  return c.json(answers.length === 1 ? answers[0] : answers)
}

async function* events(job: Job, end: (index: number, result: GenerationResult) => object): AsyncGenerator<object> {
  const counts: number[] = []
  try {
    for await (const { index, step, result } of job.events()) {
      if (result) yield { index, content: '', tokens: [], ...end(index, result) }
      else
        for (const { text, tokens } of tokenByToken(step)) {
          counts[index] = (counts[index] ?? 0) + tokens.length
          const about = { tokens_predicted: counts[index], tokens_evaluated: job.started?.promptTokens ?? 0 }
          yield { index, content: text, tokens: tokens.map(({ id }) => id), stop: false, ...about, ...probabilities(tokens) }
        }
    }
  } catch (error) {
    yield errorBody(asApiError(error))
  }
}

/** A step as clients of llama.cpp expect it, one token at a time; whole where a stop text holds some of its text back. */
function tokenByToken({ text, tokens }: GenerationStep): Pick<GenerationStep, 'text' | 'tokens'>[] {
  const isWhole = tokens.map((token) => token.text).join('') === text
  return isWhole ? tokens.map((token) => ({ text: token.text, tokens: [token] })) : [{ text, tokens }]
}

function endOf({ request, prompt }: Asked, result: GenerationResult, { engine, model }: Serving) {
  const { usage, finishReason, stop, text } = result
  const { contextLength, endTokens } = engine.facts
  return {
    stop: true,
    model,
    tokens_predicted: usage.completionTokens,
    tokens_evaluated: usage.promptTokens,
    tokens_cached: usage.cachedTokens,
    generation_settings: settingsOf(request, endTokens),
    prompt,
    has_new_line: text.includes('\n'),
    truncated: finishReason === 'length' && usage.promptTokens + usage.completionTokens >= contextLength,
    stop_type: finishReason === 'length' ? 'limit' : finishReason === 'abort' ? 'none' : stop === undefined ? 'eos' : 'word',
    stopping_word: stop ?? '',
    timings: timingsOf([result]),
  }
}

function probabilities(tokens: readonly GeneratedToken[]) {
  const known = tokens.flatMap(({ logprob, topLogprobs = [], ...token }) =>
    logprob === undefined ? [] : [{ ...entry({ ...token, logprob }), top_logprobs: topLogprobs.map(entry) }],
  )
  return known.length > 0 && { completion_probabilities: known }
}

function entry({ id, text, logprob }: { id: number; text: string; logprob: number }) {
  return { id, token: text, bytes: [...Buffer.from(text, 'utf8')], logprob: finite(logprob) }
}

/** The wanted fields under their paths; all of them where none is named. */
function selected(answer: Record<string, unknown>, paths: readonly string[]): object {
  if (paths.length === 0) return answer
  const at = (path: string) => path.split('/').reduce<unknown>((value, key) => (Object(value) as Record<string, unknown>)[key], answer)
  return Object.fromEntries(paths.map((path) => [path, at(path)]).filter(([, value]) => value !== undefined))
}

type OnePrompt = string | { prompt_string: string } | (string | number)[]

/** A list with a token id in it is one prompt; any other list has several. */
function promptsOf(prompt: NativeBody['prompt']): OnePrompt[] {
  if (!Array.isArray(prompt)) return [prompt]
  return prompt.some((part) => typeof part === 'number') ? [prompt as (string | number)[]] : (prompt as OnePrompt[])
}

async function readPrompt(prompt: OnePrompt, engine: Engine): Promise<Pick<GenerateRequest, 'prompt' | 'promptTokens'> & { text: string }> {
  if (typeof prompt === 'string') return { prompt, text: prompt }
  if (!Array.isArray(prompt)) return { prompt: prompt.prompt_string, text: prompt.prompt_string }
  const tokens = await Promise.all(
    prompt.map(async (part, i) => (typeof part === 'number' ? [part] : await engine.tokenize(part, { bos: i === 0 }))),
  )
  const promptTokens = tokens.flat()
  // A token that is not there is refused by the engine, with its bounds.
  const isKnown = promptTokens.every((token) => token < engine.facts.target.vocabSize)
  return { promptTokens, text: isKnown ? await engine.detokenize(promptTokens) : '' }
}
