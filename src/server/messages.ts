import type { ChatMessage } from '../api/types.ts'
import { omitUndefined } from '../core/omit-undefined.ts'
import { isObject, parsed } from '../text/json-text.ts'
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
    ...omitUndefined({ id }),
    name: called.name,
    arguments: objectOf(called.arguments, `${at}.tool_calls.${i}.function.arguments`),
  }))
  return {
    role: 'assistant',
    content: toText(message.content ?? ''),
    ...(message.reasoning_content && { reasoning: message.reasoning_content }),
    ...name,
    ...(calls?.length && { toolCalls: calls }),
  }
}

/** Checked, and left as it was written. */
function objectOf(given: string | Record<string, unknown>, param: string): string | Record<string, unknown> {
  if (typeof given !== 'string') return given
  if (given.trim() === '') return '{}'
  if (isObject(parsed(given))) return given
  throw new ApiError(400, `${param}: a JSON object as text is expected: received ${given.slice(0, 100)}`, { param })
}
