import { randomUUID } from 'node:crypto'
import type { Context } from 'hono'
import { type App, type AppEnv, postRoute } from './app-types.ts'
import { ChatChoice } from './chat-choice.ts'
import { withExactArguments } from './exact-arguments.ts'
import type { Job } from './job.ts'
import { asApiError, errorBody } from './openai-error.ts'
import { type ChatBody, chatSchema } from './request-schemas.ts'
import { type ChatChunk, type ChatResponse, chatChunkSchema, chatResponseSchema } from './response-schemas.ts'
import type { Serving } from './serving.ts'
import { eventStream } from './sse.ts'
import { startChat } from './start-chat.ts'
import { timingsOf, usageOf } from './totals.ts'

const route = postRoute('/v1/chat/completions', 'Answer a conversation', chatSchema, {
  200: {
    description: 'the answer, whole or as events',
    content: { 'application/json': { schema: chatResponseSchema }, 'text/event-stream': { schema: chatChunkSchema } },
  },
})

export function addChatRoute(app: App, serving: Serving): void {
  app.openapi(route, async (c) => (await chat(c, withExactArguments(c.req.valid('json'), await c.req.text()), serving)) as never)
}

async function chat(c: Context<AppEnv>, body: ChatBody, serving: Serving): Promise<Response> {
  const { job, requests, splitsReasoning } = await startChat(c, body, serving)
  const head = {
    id: `chatcmpl-${randomUUID().replaceAll('-', '')}`,
    created: Math.floor(Date.now() / 1000),
    model: serving.model,
    system_fingerprint: serving.fingerprint,
  }
  const choices = requests.map(
    ({ tools }, i) =>
      new ChatChoice(i, {
        tools,
        splitsReasoning,
        isThinking: job.started?.isThinking,
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
    if (withUsage) yield { ...chunk([]), usage: usageOf(job.results, 1), timings: timingsOf(job.results) }
  } catch (error) {
    // The status is sent already: the error is an event.
    yield errorBody(asApiError(error))
  }
}
