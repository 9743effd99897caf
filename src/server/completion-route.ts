import { randomUUID } from 'node:crypto'
import type { Context } from 'hono'
import type { GeneratedToken, GenerationResult } from '../api/types.ts'
import { type App, type AppEnv, postRoute } from './app-types.ts'
import { Job } from './job.ts'
import { textLogprobs } from './logprobs.ts'
import { ApiError, asApiError, errorBody } from './openai-error.ts'
import { type CompletionBody, completionSchema } from './request-schemas.ts'
import { type CompletionResponse, completionResponseSchema } from './response-schemas.ts'
import type { Serving } from './serving.ts'
import { eventStream } from './sse.ts'
import { completionRequests, withTokenBias } from './to-request.ts'
import { timingsOf, usageOf } from './totals.ts'

const route = postRoute('/v1/completions', 'Continue a text', completionSchema, {
  200: {
    description: 'the continuation, whole or as events',
    content: { 'application/json': { schema: completionResponseSchema }, 'text/event-stream': { schema: completionResponseSchema } },
  },
})

export function addCompletionRoute(app: App, serving: Serving): void {
  app.openapi(route, async (c) => (await complete(c, c.req.valid('json'), serving)) as never)
}

type Head = Omit<CompletionResponse, 'choices'>
type Choice = CompletionResponse['choices'][number]

async function complete(c: Context<AppEnv>, body: CompletionBody, serving: Serving): Promise<Response> {
  serving.checkModel(body.model)
  if (body.echo && typeof body.logprobs === 'number')
    throw new ApiError(400, 'log-probabilities of the prompt are not there: leave out echo or logprobs', { param: 'echo' })
  const requests = completionRequests(await withTokenBias(body, serving.engine), serving.options.defaults ?? {})
  const caller = { id: c.get('requestId'), client: c.get('client'), signal: c.req.raw.signal }
  const job = await Job.start(serving, requests, caller)
  const head: Head = {
    id: `cmpl-${randomUUID().replaceAll('-', '')}`,
    object: 'text_completion',
    created: Math.floor(Date.now() / 1000),
    model: serving.model,
    system_fingerprint: serving.fingerprint,
  }
  const echoes = await Promise.all(
    requests.map(async ({ prompt, promptTokens }) => (body.echo ? (prompt ?? (await serving.engine.detokenize(promptTokens ?? []))) : '')),
  )
  const prompts = requests.length / (body.n ?? 1)
  if (!body.stream) return c.json(await whole(job, echoes, head, prompts))
  const events = chunks(job, echoes, head, { prompts, withUsage: Boolean(body.stream_options?.include_usage) })
  return eventStream(events, { writeMs: serving.limits.writeMs, onEnd: () => job.close() })
}

async function whole(job: Job, echoes: readonly string[], head: Head, prompts: number): Promise<CompletionResponse> {
  const tokens: GeneratedToken[][] = echoes.map(() => [])
  for await (const { index, step } of job.events()) if (step) tokens[index]?.push(...step.tokens)
  const choices = job.results.map((result, index) => ({
    index,
    text: (echoes[index] as string) + result.text,
    logprobs: textLogprobs(tokens[index] ?? [], 0),
    finish_reason: finishOf(result),
  }))
  return { ...head, choices, usage: usageOf(job.results, prompts), timings: timingsOf(job.results) }
}

async function* chunks(
  job: Job,
  echoes: readonly string[],
  head: Head,
  { prompts, withUsage }: { prompts: number; withUsage: boolean },
): AsyncGenerator<object> {
  const chunk = (choices: Choice[]): CompletionResponse => ({ ...head, choices, ...(withUsage && { usage: null }) })
  const lengths = echoes.map((echo) => echo.length)
  try {
    for (const [index, text] of echoes.entries()) if (text) yield chunk([{ index, text, logprobs: null, finish_reason: null }])
    for await (const { index, step, result } of job.events()) {
      if (step) {
        yield chunk([{ index, text: step.text, logprobs: textLogprobs(step.tokens, lengths[index] as number), finish_reason: null }])
        lengths[index] = (lengths[index] as number) + step.text.length
      } else {
        const end = chunk([{ index, text: '', logprobs: null, finish_reason: finishOf(result) }])
        const isLast = Object.keys(job.results).length === echoes.length
        yield isLast ? { ...end, timings: timingsOf(job.results) } : end
      }
    }
    if (withUsage) yield { ...chunk([]), usage: usageOf(job.results, prompts) }
  } catch (error) {
    yield errorBody(asApiError(error))
  }
}

/** What was cut by a time limit has, to a client, run out of length. */
function finishOf({ finishReason }: GenerationResult): 'stop' | 'length' {
  return finishReason === 'stop' ? 'stop' : 'length'
}
