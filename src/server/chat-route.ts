import { randomUUID } from 'node:crypto'
import type { Context } from 'hono'
import { type App, type AppEnv, postRoute } from './app-types.ts'
import { ChatChoice } from './chat-choice.ts'
import { Job } from './job.ts'
import { ApiError, asApiError, errorBody } from './openai-error.ts'
import { type ChatBody, chatSchema } from './request-schemas.ts'
import { type ChatChunk, type ChatResponse, chatChunkSchema, chatResponseSchema } from './response-schemas.ts'
import type { Serving } from './serving.ts'
import { eventStream } from './sse.ts'
import { chatRequests } from './to-request.ts'
import { timingsOf, usageOf } from './totals.ts'

const route = postRoute('/v1/chat/completions', 'Answer a conversation', chatSchema, {
  200: {
    description: 'the answer, whole or as events',
    content: { 'application/json': { schema: chatResponseSchema }, 'text/event-stream': { schema: chatChunkSchema } },
  },
})

export function addChatRoute(app: App, serving: Serving): void {
  app.openapi(route, async (c) => (await chat(c, c.req.valid('json'), serving)) as never)
}

async function chat(c: Context<AppEnv>, body: ChatBody, serving: Serving): Promise<Response> {
  serving.checkModel(body.model)
  const requests = chatRequests(body, serving.options.defaults ?? {})
  if (requests[0]?.tools && !requests[0].toolChoice && !serving.engine.facts.tools)
    throw new ApiError(400, 'the chat template of this model shows no tools: force a call with tool_choice, or serve another model', {
      param: 'tools',
      code: 'tools_not_supported',
    })
  const caller = { id: c.get('requestId'), client: c.get('client'), signal: c.req.raw.signal }
  const job = await Job.start(serving, requests, caller)
  const head = {
    id: `chatcmpl-${randomUUID().replaceAll('-', '')}`,
    created: Math.floor(Date.now() / 1000),
    model: serving.model,
    system_fingerprint: serving.fingerprint,
  }
  const splitsReasoning = (body.reasoning_format ?? serving.options.reasoningFormat) !== 'none'
  const choices = requests.map(
    ({ tools }, i) =>
      new ChatChoice(i, {
        tools,
        splitsReasoning,
        isThinking: job.isThinking,
        tellsReasoning: body.include_reasoning !== false,
        tellsSteps: Boolean(body.steps),
      }),
  )
  if (!body.stream) return c.json(await whole(job, choices, head))
  const events = chunks(job, choices, head, Boolean(body.stream_options?.include_usage))
  return eventStream(events, { writeMs: serving.limits.writeMs, onEnd: () => job.close() })
}

type Head = Pick<ChatChunk, 'id' | 'created' | 'model' | 'system_fingerprint'>

async function whole(job: Job, choices: readonly ChatChoice[], head: Head): Promise<ChatResponse> {
  for await (const { index, step, result } of job.events()) {
    if (step) choices[index]?.hear(step)
    else choices[index]?.end(result)
  }
  return {
    ...head,
    object: 'chat.completion',
    choices: choices.map((choice) => choice.whole()),
    usage: usageOf(job.results, 1),
    timings: timingsOf(job.results),
  }
}

async function* chunks(job: Job, choices: readonly ChatChoice[], head: Head, withUsage: boolean): AsyncGenerator<object> {
  const chunk = (some: ChatChunk['choices']): ChatChunk => ({
    ...head,
    object: 'chat.completion.chunk',
    choices: some,
    ...(withUsage && { usage: null }),
  })
  try {
    for (const choice of choices) yield chunk([choice.opening()])
    for await (const { index, step, result } of job.events()) {
      const choice = choices[index] as ChatChoice
      const said = step ? [choice.hear(step)] : choice.end(result)
      const isLast = Object.keys(job.results).length === choices.length
      for (const [i, one] of said.entries()) {
        if (!one) continue
        yield isLast && i === said.length - 1 ? { ...chunk([one]), timings: timingsOf(job.results) } : chunk([one])
      }
    }
    if (withUsage) yield { ...chunk([]), usage: usageOf(job.results, 1) }
  } catch (error) {
    // The status is sent already: the error is an event.
    yield errorBody(asApiError(error))
  }
}
