import { omitUndefined } from '../core/omit-undefined.ts'
import type { ExactMessagesBody } from './exact-arguments.ts'
import type { MessagesBody } from './messages-schemas.ts'
import type { ChatBody } from './request-schemas.ts'

type ChatMessages = ChatBody['messages']
type Blocks = Exclude<ExactMessagesBody['messages'][number]['content'], string>

/** An Anthropic request as a chat. */
export function messagesToChat(body: ExactMessagesBody): ChatBody {
  const { model, system, tools, tool_choice: choice, thinking } = body
  const isParallel = !(choice && choice.type !== 'none' && choice.disable_parallel_tool_use)
  return {
    ...omitUndefined({ model }),
    messages: [
      ...(system ? [{ role: 'system' as const, content: textOf(system) }] : []),
      ...body.messages.flatMap(({ role, content }) => (role === 'user' ? userMessages(content) : [assistantMessage(content)])),
    ],
    max_tokens: body.max_tokens,
    stop: body.stop_sequences?.length ? body.stop_sequences : undefined,
    stream: body.stream,
    temperature: body.temperature,
    top_p: body.top_p,
    top_k: body.top_k,
    ...(tools?.length && {
      tools: tools.map(({ name, description, input_schema: parameters }) => ({
        type: 'function' as const,
        function: { name, description, parameters },
      })),
      tool_choice: toolChoice(choice),
      parallel_tool_calls: isParallel,
    }),
    ...(thinking && { enable_thinking: thinking.type !== 'disabled' }),
  }
}

function toolChoice(choice: MessagesBody['tool_choice']): ChatBody['tool_choice'] {
  if (choice?.type === 'tool') return { type: 'function', function: { name: choice.name } }
  return choice?.type === 'any' ? 'required' : (choice?.type ?? 'auto')
}

function textOf(content: string | readonly { readonly text: string }[] | undefined): string {
  return typeof content === 'string' ? content : (content ?? []).map(({ text }) => text).join('')
}

/** Results of tools are messages of their own. */
function userMessages(content: string | Blocks): ChatMessages {
  if (typeof content === 'string') return [{ role: 'user', content }]
  const results = content.flatMap(
    (block): ChatMessages =>
      block.type === 'tool_result' ? [{ role: 'tool', tool_call_id: block.tool_use_id, content: textOf(block.content) }] : [],
  )
  const said = content.filter((block) => block.type === 'text')
  return said.length > 0 ? [...results, { role: 'user', content: textOf(said) }] : results
}

function assistantMessage(content: string | Blocks): ChatMessages[number] {
  if (typeof content === 'string') return { role: 'assistant', content }
  const thought = content.map((block) => (block.type === 'thinking' ? block.thinking : '')).join('')
  const calls = content.flatMap((block) =>
    block.type === 'tool_use' ? [{ id: block.id, type: 'function' as const, function: { name: block.name, arguments: block.input } }] : [],
  )
  return {
    role: 'assistant',
    content: textOf(content.filter((block) => block.type === 'text')),
    ...(thought && { reasoning_content: thought }),
    ...(calls.length > 0 && { tool_calls: calls }),
  }
}
