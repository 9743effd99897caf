import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import { Template } from '@huggingface/jinja'
import type { ChatMessage, GenerateRequest, ToolCall } from '../api/types.ts'
import { OuroborosError } from '../core/errors.ts'
import { ChatMarkup, type PromptPart } from './chat-markup.ts'
import { KNOWN_TEMPLATES } from './known-templates.ts'
import { withinTime } from './time-limit.ts'

const MAX_MILLISECONDS = 2000
const MAX_CHARACTERS = 2 ** 25

/** What a template needs of its model. */
export interface TemplatedModel {
  readonly file: string
  readonly chatTemplate: string | undefined
  readonly vocabulary: { readonly bos: number; readonly eos: number; readonly marks: readonly string[]; spelling(token: number): string }
}

/** The part of a request that a template shows. */
export type Chat = Pick<GenerateRequest, 'tools' | 'chatTemplateKwargs' | 'continueFinalMessage' | 'addGenerationPrompt'> & {
  readonly messages: readonly ChatMessage[]
}

/** A conversation as a prompt. */
export interface RenderedChat {
  readonly parts: readonly PromptPart[]
  /** The template has opened a thought: the answer begins inside it. */
  readonly isThinking: boolean
}

/** Renders a conversation as the chat template wants it, ready for the answer; what people wrote speaks for nobody else. */
export function renderChat(model: TemplatedModel, chat: Chat): RenderedChat {
  const { vocabulary, chatTemplate } = model
  if (!chatTemplate)
    throw new OuroborosError(
      'E_PROMPT',
      `${basename(model.file)} has no chat template: give one (chatTemplate, --chat-template), or a raw prompt instead of messages (--raw)`,
    )
  if (chat.messages.length === 0) throw new OuroborosError('E_PROMPT', 'the conversation is empty: received 0 messages, give at least one')
  const markup = new ChatMarkup(vocabulary.marks)
  const begun = begunAnswer(chat)
  const messages = begun === undefined ? chat.messages : chat.messages.slice(0, -1)
  const spelling = (token: number) => (token >= 0 ? vocabulary.spelling(token) : '')
  const asTool = (call: ToolCall) => asTemplatedCall(call, markup, /length *!= *9/.test(chatTemplate))
  const rendered = render(chatTemplate, () => ({
    ...today(),
    ...(markup.hide(chat.chatTemplateKwargs ?? {}) as object),
    messages: messages.map((message) => asTemplated(message, markup, asTool)),
    ...(chat.tools && { tools: markup.hide(chat.tools.map((tool) => ({ type: 'function', function: tool }))) }),
    add_generation_prompt: chat.addGenerationPrompt !== false,
    bos_token: spelling(vocabulary.bos),
    eos_token: spelling(vocabulary.eos),
  }))
  const opensThought = /<think>\s*$/.test(rendered)
  const isThinking = opensThought && chat.chatTemplateKwargs?.['enable_thinking'] !== false
  // Some templates open a thought whatever they are told: then it is an empty one.
  const text = opensThought && !isThinking ? `${rendered}</think>` : rendered
  if (begun !== undefined && isThinking)
    throw new OuroborosError(
      'E_PROMPT',
      'the chat template opens a thought, and the last message begins the answer: switch thoughts off (chat_template_kwargs: {"enable_thinking": false})',
    )
  return { parts: markup.parts(text + String(markup.hide(begun ?? ''))), isThinking }
}

/** The date as templates ask for it: Llama's and Firefunction's names, as llama.cpp has them. */
function today(): { date_string: string; datetime: string } {
  const now = new Date()
  const [day, month] = [String(now.getDate()).padStart(2, '0'), now.toLocaleString('en-US', { month: 'short' })]
  return { date_string: `${day} ${month} ${now.getFullYear()}`, datetime: `${month} ${day} ${now.getFullYear()}` }
}

/** Whether the model's template can show tools. */
export function knowsTools(template: string | undefined): boolean {
  return /\btools\b/.test(template ?? '')
}

/** The template that is meant by a name, or by its own text. Throws E_USAGE. */
export function chatTemplateOf(given: string): string {
  const template = KNOWN_TEMPLATES[given]
  if (template !== undefined) return template
  if (/\{[{%]/.test(given)) return given
  throw new OuroborosError(
    'E_USAGE',
    `there is no chat template ${JSON.stringify(given)}: known are ${Object.keys(KNOWN_TEMPLATES).join(', ')}; or give the Jinja text`,
  )
}

/** A template is a program that came with a file: its time and its text are bounded. */
function render(template: string, values: () => Record<string, unknown>): string {
  const late = () =>
    new OuroborosError('E_PROMPT', `the chat template takes more than ${MAX_MILLISECONDS} ms: it does not end, or is not for this`)
  try {
    const text = withinTime(MAX_MILLISECONDS, () => parsed(template).render(values()), late)
    if (text.length <= MAX_CHARACTERS) return text
    throw new OuroborosError('E_PROMPT', `the chat template writes ${text.length} characters: at most ${MAX_CHARACTERS} are taken`)
  } catch (cause) {
    if (cause instanceof OuroborosError) throw cause
    const why = cause instanceof RangeError ? 'it is nested too deep' : (cause as Error).message
    throw new OuroborosError('E_PROMPT', `the chat template refuses this conversation: ${why}`, { cause })
  }
}

/** The template of the loaded model. */
let last: { readonly text: string; readonly template: Template } | undefined

/** Parsed once: other sessions wait meanwhile. */
function parsed(text: string): Template {
  if (last?.text !== text) last = { text, template: new Template(text) }
  return last.template
}

/** The beginning of the answer, where the last message is that. */
function begunAnswer({ messages, continueFinalMessage }: Chat): string | undefined {
  const last = messages.at(-1)
  const isBegun = last?.role === 'assistant' && !last.toolCalls?.length && messages.length > 1
  if (isBegun && continueFinalMessage !== false) return last.content
  if (!isBegun && continueFinalMessage)
    throw new OuroborosError('E_PROMPT', 'only a last message of the assistant, without calls and after another one, can be gone on from')
  return undefined
}

/** Templates know OpenAI's names. */
function asTemplated(
  { role, content, reasoning, name, toolCalls, toolCallId }: ChatMessage,
  markup: ChatMarkup,
  asTool: (call: ToolCall) => object,
): Record<string, unknown> {
  return {
    role,
    content: markup.hide(content),
    ...(reasoning !== undefined && { reasoning_content: markup.hide(reasoning) }),
    ...(name !== undefined && { name: markup.hide(name) }),
    ...(toolCallId !== undefined && { tool_call_id: markup.hide(toolCallId) }),
    ...(toolCalls && { tool_calls: toolCalls.map(asTool) }),
  }
}

/** With arguments as an object. `needsShortIds`: Mistral's templates refuse ids that have not 9 characters. */
function asTemplatedCall({ id, name, arguments: given }: ToolCall, markup: ChatMarkup, needsShortIds: boolean): object {
  return {
    id: markup.hide(needsShortIds && id?.length !== 9 ? shortId(id ?? '') : id),
    type: 'function',
    function: { name: markup.hide(name), arguments: typeof given === 'string' ? argumentsOf(given, markup) : markup.hide(given) },
  }
}

function argumentsOf(text: string, markup: ChatMarkup): unknown {
  try {
    return markup.hideJson(text)
  } catch (cause) {
    throw new OuroborosError('E_PROMPT', `a tool call's arguments are no JSON: received ${text.slice(0, 100)}`, { cause })
  }
}

function shortId(id: string): string {
  return createHash('sha256').update(id).digest('hex').slice(0, 9)
}
