import { elements, members } from '../text/json-text.ts'
import type { MessagesBody } from './messages-schemas.ts'
import type { ChatBody } from './request-schemas.ts'

/** Arguments that are sent back as objects are taken as they were written: as values they lose digits and the order of their keys. */

/** A chat's, from the text of its body. */
export function withExactArguments(body: ChatBody, text: string): ChatBody {
  const sent = listIn(text, 'messages')
  const messages = body.messages.map((message, i) => {
    if (message.role !== 'assistant' || !message.tool_calls?.some((call) => typeof call.function.arguments === 'object')) return message
    const calls = listIn(sent[i], 'tool_calls')
    return {
      ...message,
      tool_calls: message.tool_calls.map((call, j) => {
        if (typeof call.function.arguments === 'string') return call
        const written = members(members(calls[j] as string).get('function') as string).get('arguments') as string
        return { ...call, function: { ...call.function, arguments: written } }
      }),
    }
  })
  return { ...body, messages }
}

/** A body whose calls have their input as text. */
export type ExactMessagesBody = Omit<MessagesBody, 'messages'> & {
  messages: { role: 'user' | 'assistant'; content: string | ExactBlock[] }[]
}
type Block = Exclude<MessagesBody['messages'][number]['content'], string>[number]
type ExactBlock = Exclude<Block, { type: 'tool_use' }> | (Omit<Extract<Block, { type: 'tool_use' }>, 'input'> & { input: string })

/** An Anthropic request's, from the text of its body. */
export function withExactInputs(body: MessagesBody, text: string): ExactMessagesBody {
  const sent = listIn(text, 'messages')
  const messages = body.messages.map(({ role, content }, i) => {
    if (typeof content === 'string') return { role, content }
    const blocks = content.some(({ type }) => type === 'tool_use') ? listIn(sent[i], 'content') : []
    return {
      role,
      content: content.map((block, j) =>
        block.type === 'tool_use' ? { ...block, input: members(blocks[j] as string).get('input') as string } : block,
      ),
    }
  })
  return { ...body, messages }
}

/** The elements of a list in a legal JSON object, as text. */
function listIn(object: string | undefined, key: string): string[] {
  return elements(members(object as string).get(key) as string)
}
