import { randomUUID } from 'node:crypto'
import type { Context } from 'hono'
import type { GenerationResult } from '../api/types.ts'
import { type App, type AppEnv, postRoute } from './app-types.ts'
import { type Block, type BlockEvent, blocksOf } from './blocks.ts'
import { asApiError } from './openai-error.ts'
import { type ResponsesBody, responseEventSchema, responseSchema, responsesSchema } from './responses-schemas.ts'
import { responsesToChat } from './responses-to-chat.ts'
import type { Serving } from './serving.ts'
import { namedEventStream } from './sse.ts'
import { startChat } from './start-chat.ts'

const route = postRoute('/v1/responses', 'Answer a conversation, in the form of OpenAI’s responses', responsesSchema, {
  200: {
    description: 'the answer, whole or as events',
    content: { 'application/json': { schema: responseSchema }, 'text/event-stream': { schema: responseEventSchema } },
  },
})

export function addResponsesRoute(app: App, serving: Serving): void {
  app.openapi(route, async (c) => (await answer(c, c.req.valid('json'), serving)) as never)
}

async function answer(c: Context<AppEnv>, body: ResponsesBody, serving: Serving): Promise<Response> {
  const { job, requests, splitsReasoning } = await startChat(c, responsesToChat(body), serving)
  const events = blocksOf(job, { tools: requests[0]?.tools, isThinking: job.started?.isThinking, splitsReasoning })
  const items = new Items()
  const head = headOf(body, serving.model)
  if (body.stream) return namedEventStream(streamed(events, head, items), { writeMs: serving.limits.writeMs, onEnd: () => job.close() })
  for await (const event of events) if (event.event === 'end') return c.json(wholeOf(head, event.blocks, event.result, items))
  throw new Error('a job ends with its result')
}

type Head = ReturnType<typeof headOf>

/** What a response repeats of its request. */
function headOf(body: ResponsesBody, model: string) {
  return {
    id: `resp_${randomUUID().replaceAll('-', '')}`,
    object: 'response' as const,
    created_at: Math.floor(Date.now() / 1000),
    model,
    error: null,
    instructions: body.instructions ?? null,
    max_output_tokens: body.max_output_tokens ?? null,
    metadata: body.metadata ?? {},
    parallel_tool_calls: body.parallel_tool_calls ?? true,
    previous_response_id: null,
    reasoning: { effort: body.reasoning?.effort ?? null, summary: null },
    store: false,
    temperature: body.temperature ?? null,
    text: { format: body.text?.format ?? { type: 'text' as const } },
    tool_choice: body.tool_choice ?? 'auto',
    tools: body.tools ?? [],
    top_p: body.top_p ?? null,
    truncation: 'disabled' as const,
  }
}

function wholeOf(head: Head, blocks: readonly Block[], { finishReason, usage }: GenerationResult, items: Items) {
  const isWhole = finishReason === 'stop'
  return {
    ...head,
    status: isWhole ? ('completed' as const) : ('incomplete' as const),
    incomplete_details: isWhole ? null : { reason: 'max_output_tokens' as const },
    output: blocks.map((block, i) => items.item(i, block, 'completed')),
    usage: {
      input_tokens: usage.promptTokens,
      input_tokens_details: { cached_tokens: usage.cachedTokens },
      output_tokens: usage.completionTokens,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: usage.promptTokens + usage.completionTokens,
    },
  }
}

async function* streamed(events: AsyncGenerator<BlockEvent>, head: Head, items: Items): AsyncGenerator<{ type: string }> {
  let sequence = 0
  const event = (type: string, more: object) => ({ type, sequence_number: sequence++, ...more })
  const begun = { ...head, status: 'in_progress', incomplete_details: null, output: [], usage: null }
  yield event('response.created', { response: begun })
  yield event('response.in_progress', { response: begun })
  try {
    for await (const one of events) {
      if (one.event === 'end') {
        const response = wholeOf(head, one.blocks, one.result, items)
        yield event(`response.${response.status}`, { response })
        continue
      }
      const { index, block } = one
      const place = { item_id: items.id(index, block), output_index: index }
      const inPart = { ...place, content_index: 0 }
      const name = { text: 'output_text', reasoning: 'reasoning_text', call: 'function_call_arguments' }[block.type]
      if (one.event === 'open') {
        yield event('response.output_item.added', { output_index: index, item: items.item(index, block, 'in_progress') })
        if (block.type === 'text') yield event('response.content_part.added', { ...inPart, part: textPart('') })
      } else if (one.event === 'delta') {
        yield event(`response.${name}.delta`, {
          ...(block.type === 'call' ? place : inPart),
          delta: one.delta,
          ...(block.type === 'text' && { logprobs: [] }),
        })
      } else {
        if (block.type === 'call')
          yield event(`response.${name}.done`, { ...place, name: block.call.name, arguments: block.call.arguments })
        else yield event(`response.${name}.done`, { ...inPart, text: block.text, ...(block.type === 'text' && { logprobs: [] }) })
        if (block.type === 'text') yield event('response.content_part.done', { ...inPart, part: textPart(block.text) })
        yield event('response.output_item.done', { output_index: index, item: items.item(index, block, 'completed') })
      }
    }
  } catch (error) {
    const { code, message, param } = asApiError(error)
    yield event('error', { code, message, param })
  }
}

/** The items of an output, each with its id. */
class Items {
  readonly #ids: string[] = []

  id(index: number, { type }: Block): string {
    const prefix = { text: 'msg', reasoning: 'rs', call: 'fc' }[type]
    this.#ids[index] ??= `${prefix}_${randomUUID().replaceAll('-', '')}`
    return this.#ids[index]
  }

  item(index: number, block: Block, status: 'in_progress' | 'completed') {
    const id = this.id(index, block)
    if (block.type === 'call') {
      const { id: call_id, name, arguments: given } = block.call
      return { id, type: 'function_call' as const, status, call_id, name, arguments: status === 'completed' ? given : '' }
    }
    if (block.type === 'reasoning') {
      const content = block.text === '' ? [] : [{ type: 'reasoning_text' as const, text: block.text }]
      return { id, type: 'reasoning' as const, status, summary: [], content }
    }
    const content = status === 'completed' ? [textPart(block.text)] : []
    return { id, type: 'message' as const, status, role: 'assistant' as const, content }
  }
}

function textPart(text: string) {
  return { type: 'output_text' as const, text, annotations: [], logprobs: [] }
}
