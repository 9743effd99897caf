import { randomUUID } from 'node:crypto'
import type { Context } from 'hono'
import type { GenerationResult, Started } from '../api/types.ts'
import { type App, type AppEnv, postRoute } from './app-types.ts'
import { argumentsOf, type Block, type BlockEvent, blocksOf, jsonWithCalls } from './blocks.ts'
import { withExactInputs } from './exact-arguments.ts'
import { messageEventSchema, messageResponseSchema, messagesSchema } from './messages-schemas.ts'
import { messagesToChat } from './messages-to-chat.ts'
import { asApiError, errorBody } from './openai-error.ts'
import type { Serving } from './serving.ts'
import { namedEventStream } from './sse.ts'
import { startChat } from './start-chat.ts'

const route = postRoute('/v1/messages', 'Answer a conversation, in Anthropic’s form', messagesSchema, {
  200: {
    description: 'the answer, whole or as events',
    content: { 'application/json': { schema: messageResponseSchema }, 'text/event-stream': { schema: messageEventSchema } },
  },
})

export function addMessagesRoute(app: App, serving: Serving): void {
  app.openapi(
    route,
    async (c) => (await answer(c, messagesToChat(withExactInputs(c.req.valid('json'), await c.req.text())), serving)) as never,
  )
}

async function answer(c: Context<AppEnv>, body: ReturnType<typeof messagesToChat>, serving: Serving): Promise<Response> {
  const { job, requests, splitsReasoning } = await startChat(c, body, serving)
  const head = { id: `msg_${randomUUID().replaceAll('-', '')}`, type: 'message', role: 'assistant', model: serving.model }
  const events = blocksOf(job, { tools: requests[0]?.tools, isThinking: job.started?.isThinking, splitsReasoning })
  if (body.stream)
    return namedEventStream(streamed(events, head, job.started), { writeMs: serving.limits.writeMs, onEnd: () => job.close() })
  for await (const event of events) {
    if (event.event !== 'end') continue
    const { blocks, result } = event
    const message = { ...head, content: blocks.map(asContent), ...endOf(blocks, result), usage: usageOf(result.usage) }
    return c.body(jsonWithCalls(message, blocks), 200, { 'Content-Type': 'application/json' })
  }
  throw new Error('a job ends with its result')
}

async function* streamed(events: AsyncGenerator<BlockEvent>, head: object, started: Started | undefined): AsyncGenerator<{ type: string }> {
  const usage = usageOf({ promptTokens: 0, cachedTokens: 0, ...started, completionTokens: 0 })
  yield { type: 'message_start', message: { ...head, content: [], stop_reason: null, stop_sequence: null, usage } } as { type: string }
  const event = (type: string, more: object) => ({ type, ...more })
  try {
    for await (const one of events) {
      if (one.event === 'open') yield event('content_block_start', { index: one.index, content_block: begun(one.block) })
      else if (one.event === 'delta') yield event('content_block_delta', { index: one.index, delta: deltaOf(one.block, one.delta) })
      else if (one.event === 'close') yield event('content_block_stop', { index: one.index })
      else {
        yield event('message_delta', { delta: endOf(one.blocks, one.result), usage: usageOf(one.result.usage) })
        yield event('message_stop', {})
      }
    }
  } catch (error) {
    yield event('error', errorBody(asApiError(error)))
  }
}

function asContent(block: Block): object {
  if (block.type === 'call') return { type: 'tool_use', id: block.call.id, name: block.call.name, input: argumentsOf(block.call) }
  return block.type === 'text' ? block : { type: 'thinking', thinking: block.text, signature: '' }
}

function begun(block: Block): object {
  return block.type === 'call' ? { ...asContent(block), input: {} } : asContent({ ...block, text: '' })
}

function deltaOf({ type }: Block, delta: string): object {
  if (type === 'call') return { type: 'input_json_delta', partial_json: delta }
  return type === 'text' ? { type: 'text_delta', text: delta } : { type: 'thinking_delta', thinking: delta }
}

function endOf(blocks: readonly Block[], { finishReason, stop }: GenerationResult) {
  const called = blocks.some(({ type }) => type === 'call')
  if (finishReason !== 'stop') return { stop_reason: 'max_tokens', stop_sequence: null }
  if (stop !== undefined) return { stop_reason: 'stop_sequence', stop_sequence: stop }
  return { stop_reason: called ? 'tool_use' : 'end_turn', stop_sequence: null }
}

function usageOf({ promptTokens, completionTokens, cachedTokens }: GenerationResult['usage']) {
  return {
    input_tokens: promptTokens - cachedTokens,
    output_tokens: completionTokens,
    cache_read_input_tokens: cachedTokens,
    cache_creation_input_tokens: 0,
  }
}
