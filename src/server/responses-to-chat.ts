import { omitUndefined } from '../core/omit-undefined.ts'
import type { ChatBody } from './request-schemas.ts'
import type { ResponsesBody } from './responses-schemas.ts'

type ChatMessages = ChatBody['messages']
type Item = Exclude<ResponsesBody['input'], string>[number]

/** A request for a response as a chat. */
export function responsesToChat(body: ResponsesBody): ChatBody {
  const { model, input, instructions, tools, tool_choice: choice, text, reasoning } = body
  const format = text?.format
  return {
    ...omitUndefined({ model }),
    messages: [
      ...(instructions ? [{ role: 'system' as const, content: instructions }] : []),
      ...(typeof input === 'string' ? [{ role: 'user' as const, content: input }] : messagesOf(input)),
    ],
    max_tokens: body.max_output_tokens,
    stream: body.stream,
    temperature: body.temperature,
    top_p: body.top_p,
    ...(tools?.length && {
      tools: tools.map(({ name, description, parameters }) => ({ type: 'function' as const, function: { name, description, parameters } })),
      parallel_tool_calls: body.parallel_tool_calls,
    }),
    ...(choice && { tool_choice: typeof choice === 'object' ? { type: 'function' as const, function: { name: choice.name } } : choice }),
    ...(format && {
      response_format: format.type === 'json_schema' ? { type: 'json_schema' as const, json_schema: { schema: format.schema } } : format,
    }),
    ...(reasoning?.effort && { reasoning_effort: reasoning.effort }),
  }
}

/** Calls that follow a message of the assistant are part of it, and so is what was thought before. */
function messagesOf(items: readonly Item[]): ChatMessages {
  const messages: ChatMessages = []
  let thought = ''
  const assistant = () => {
    const last = messages.at(-1)
    if (last?.role === 'assistant' && thought === '') return last
    const made = { role: 'assistant' as const, content: '', ...(thought && { reasoning_content: thought }) }
    thought = ''
    messages.push(made)
    return made as Extract<ChatMessages[number], { role: 'assistant' }>
  }
  for (const item of items) {
    if (item.type === 'reasoning') thought += textOf(item.content ?? item.summary ?? [])
    else if (item.type === 'function_call') {
      const call = { id: item.call_id, type: 'function' as const, function: { name: item.name, arguments: item.arguments } }
      const message = assistant()
      message.tool_calls = [...(message.tool_calls ?? []), call]
    } else if (item.type === 'function_call_output')
      messages.push({ role: 'tool', tool_call_id: item.call_id, content: textOf(item.output) })
    else if (item.role === 'assistant') {
      messages.push({ role: 'assistant', content: textOf(item.content), ...(thought && { reasoning_content: thought }) })
      thought = ''
    } else messages.push({ role: item.role, content: textOf(item.content) })
  }
  return messages
}

function textOf(content: string | readonly { readonly text: string }[]): string {
  return typeof content === 'string' ? content : content.map(({ text }) => text).join('')
}
