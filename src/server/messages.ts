import type { ChatMessage } from '../api/types.ts'
import { ApiError } from './openai-error.ts'
import type { ChatBody, Content } from './request-schemas.ts'

/** A content's text; parts are joined. */
export function toText(content: Content): string {
  return typeof content === 'string' ? content : content.map((part) => part.text).join('')
}

/** Messages as the engine takes them. Throws ApiError where a tool's arguments are no JSON object. */
export function toChatMessages(messages: ChatBody['messages']): ChatMessage[] {
  return messages.map((message, i) => toChatMessage(message, `messages.${i}`))
}

function toChatMessage(message: ChatBody['messages'][number], at: string): ChatMessage {
  const name = message.name !== undefined && { name: message.name }
  if (message.role === 'tool') return { role: 'tool', content: toText(message.content), toolCallId: message.tool_call_id, ...name }
  if (message.role !== 'assistant') return { role: message.role === 'user' ? 'user' : 'system', content: toText(message.content), ...name }
  const calls = message.tool_calls?.map(({ id, function: called }, i) => ({
    ...(id !== undefined && { id }),
    name: called.name,
    arguments: objectOf(called.arguments, `${at}.tool_calls.${i}.function.arguments`),
  }))
  return { role: 'assistant', content: toText(message.content ?? ''), ...name, ...(calls?.length && { toolCalls: calls }) }
}

function objectOf(text: string, param: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text || '{}')
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    // refused below
  }
  throw new ApiError(400, `${param}: a JSON object as text is expected`, { param })
}
