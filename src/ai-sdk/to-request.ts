import type {
  LanguageModelV3CallOptions,
  LanguageModelV3FunctionTool,
  LanguageModelV3Message,
  LanguageModelV3Prompt,
  LanguageModelV3ToolResultOutput,
  SharedV3Warning,
} from '@ai-sdk/provider'
import type { ChatMessage, GenerateRequest, Tool } from '../api/types.ts'
import { OuroborosError } from '../core/errors.ts'
import { omitUndefined } from '../core/omit-undefined.ts'

/** The engine's request for a call of the SDK, and what of the call is not supported. Throws E_USAGE, E_GRAMMAR. */
export function toRequest(
  options: LanguageModelV3CallOptions,
  defaults: GenerateRequest,
): { request: GenerateRequest; warnings: SharedV3Warning[] } {
  const { providerOptions, responseFormat, toolChoice, abortSignal } = options
  const warnings: SharedV3Warning[] = []
  const tools = toolChoice?.type === 'none' ? [] : functionTools(options, warnings)
  const plain = {
    maxTokens: options.maxOutputTokens,
    temperature: options.temperature,
    topP: options.topP,
    topK: options.topK,
    presencePenalty: options.presencePenalty,
    frequencyPenalty: options.frequencyPenalty,
    seed: options.seed,
    stop: options.stopSequences,
    signal: abortSignal,
  }
  const request: GenerateRequest = {
    ...defaults,
    ...omitUndefined(plain),
    // The engine's own options: method, options, prediction, grammar, ...
    ...providerOptions?.['ouroboros'],
    messages: messagesOf(options.prompt),
    ...(tools.length > 0 && { tools: tools.map(asTool) }),
  }
  const chosen = toolChoice?.type === 'tool' ? tools.filter(({ name }) => name === toolChoice.toolName) : tools
  if (toolChoice?.type === 'tool' || toolChoice?.type === 'required') {
    if (chosen.length === 0) throw new OuroborosError('E_USAGE', 'toolChoice: there is no such tool')
    request.toolChoice = toolChoice.type === 'tool' ? { name: toolChoice.toolName } : 'required'
  } else if (responseFormat?.type === 'json') {
    request.jsonSchema = (responseFormat.schema as Record<string, unknown> | undefined) ?? { type: 'object' }
  }
  return { request, warnings }
}

function functionTools({ tools = [] }: LanguageModelV3CallOptions, warnings: SharedV3Warning[]): LanguageModelV3FunctionTool[] {
  return tools.flatMap((tool) => {
    if (tool.type === 'function') return [tool]
    warnings.push({ type: 'unsupported', feature: `tool ${tool.id}`, details: 'only function tools can be called' })
    return []
  })
}

function asTool({ name, description, inputSchema }: LanguageModelV3FunctionTool): Tool {
  return { name, ...(description && { description }), parameters: inputSchema as Record<string, unknown> }
}

function messagesOf(prompt: LanguageModelV3Prompt): ChatMessage[] {
  return prompt.flatMap(toMessages)
}

function toMessages(message: LanguageModelV3Message): ChatMessage[] {
  switch (message.role) {
    case 'system':
      return [{ role: 'system', content: message.content }]
    case 'user':
      return [{ role: 'user', content: message.content.map((part) => (part.type === 'text' ? part.text : refuse(part.type))).join('') }]
    case 'assistant': {
      const calls = message.content.flatMap((part) =>
        part.type === 'tool-call'
          ? [{ id: part.toolCallId, name: part.toolName, arguments: (part.input ?? {}) as Record<string, unknown> }]
          : [],
      )
      const reasoning = message.content.map((part) => (part.type === 'reasoning' ? part.text : '')).join('')
      const content = message.content
        .map((part) => (part.type === 'text' ? part.text : part.type === 'file' ? refuse(part.type) : ''))
        .join('')
      return [{ role: 'assistant', content, ...(reasoning && { reasoning }), ...(calls.length > 0 && { toolCalls: calls }) }]
    }
    case 'tool':
      return message.content.flatMap((part): ChatMessage[] =>
        part.type === 'tool-result'
          ? [{ role: 'tool', content: outputText(part.output), toolCallId: part.toolCallId, name: part.toolName }]
          : [],
      )
  }
}

function outputText(output: LanguageModelV3ToolResultOutput): string {
  switch (output.type) {
    case 'text':
    case 'error-text':
      return output.value
    case 'execution-denied':
      return output.reason ?? 'the execution was denied'
    default:
      return JSON.stringify(output.value)
  }
}

function refuse(type: string): never {
  throw new OuroborosError('E_USAGE', `only text can be read: received a ${type} part`)
}
