import { Template } from '@huggingface/jinja'
import type { ChatMessage, Tool } from '../api/types.ts'
import { OuroborosError } from '../core/errors.ts'

/** What a template needs of its model. */
export interface TemplatedModel {
  readonly file: string
  readonly chatTemplate: string | undefined
  readonly vocabulary: { readonly bos: number; readonly eos: number; spelling(token: number): string }
}

/** Renders a conversation as the model's own chat template (Jinja, in the GGUF) wants it, ready for the answer. */
export function renderChat(model: TemplatedModel, messages: readonly ChatMessage[], tools?: readonly Tool[]): string {
  if (!model.chatTemplate) throw new OuroborosError('E_PROMPT', `${model.file} has no chat template: give a raw prompt instead of messages`)
  if (messages.length === 0) throw new OuroborosError('E_PROMPT', 'the conversation is empty: received 0 messages, give at least one')
  const { vocabulary } = model
  const spelling = (token: number) => (token >= 0 ? vocabulary.spelling(token) : '')
  try {
    return parsed(model.chatTemplate).render({
      messages: messages.map(asTemplated),
      ...(tools && { tools: tools.map((tool) => ({ type: 'function', function: tool })) }),
      add_generation_prompt: true,
      bos_token: spelling(vocabulary.bos),
      eos_token: spelling(vocabulary.eos),
    })
  } catch (cause) {
    throw new OuroborosError('E_PROMPT', `the chat template of ${model.file} refuses this conversation: ${(cause as Error).message}`, {
      cause,
    })
  }
}

const templates = new Map<string, Template>()

/** Parsed once: other sessions wait meanwhile. */
function parsed(text: string): Template {
  const known = templates.get(text) ?? new Template(text)
  templates.set(text, known)
  return known
}

/** Whether the model's template can show tools. */
export function knowsTools(model: TemplatedModel): boolean {
  return /\btools\b/.test(model.chatTemplate ?? '')
}

/** Templates know OpenAI's names, with arguments as an object. */
function asTemplated({ role, content, name, toolCalls, toolCallId }: ChatMessage): Record<string, unknown> {
  return {
    role,
    content,
    ...(name !== undefined && { name }),
    ...(toolCallId !== undefined && { tool_call_id: toolCallId }),
    ...(toolCalls && {
      tool_calls: toolCalls.map((call) => ({ id: call.id, type: 'function', function: { name: call.name, arguments: call.arguments } })),
    }),
  }
}
