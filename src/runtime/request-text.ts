import { checkPromptLength } from '../api/prompt-length.ts'
import { OuroborosError } from '../core/errors.ts'
import type { Constraint } from '../core/sampling/sampler.ts'
import type { Token } from '../core/token.ts'
import { GrammarConstraint } from '../grammar/grammar-constraint.ts'
import { LazyConstraint } from '../grammar/lazy-constraint.ts'
import { renderChat } from '../text/chat-template.ts'
import { jsonSchemaToGrammar } from '../text/json-schema.ts'
import { lazyToolGrammar, toolGrammar, toolSyntaxOf } from '../text/tools/tool-grammar.ts'
import type { WireRequest } from './protocol.ts'
import type { Runtime } from './runtime.ts'

/** What a request begins with. */
export interface Prompt {
  readonly tokens: Token[]
  /** The prompt as text; absent where it was given as tokens. */
  readonly text?: string
  /** The chat template has opened a thought. */
  readonly isThinking: boolean
}

/** The prompt's tokens. Throws E_USAGE, E_PROMPT, E_CONTEXT. */
export function promptOf({ target, chatTemplate }: Runtime, request: WireRequest): Prompt {
  const { vocabulary, file } = target
  const { prompt, promptTokens, messages } = request
  if (promptTokens) {
    const wrong = promptTokens.find((token) => token >= vocabulary.size)
    if (wrong !== undefined)
      throw new OuroborosError('E_USAGE', `promptTokens: no such token in a vocabulary of ${vocabulary.size}: received ${wrong}`)
    return { tokens: [...promptTokens], isThinking: false }
  }
  const { contextLength } = target
  checkPromptLength((prompt?.length ?? 0) + (request.prediction?.length ?? 0), contextLength)
  if (!messages) return { tokens: vocabulary.tokenize(prompt as string), text: prompt as string, isThinking: false }
  const { parts, isThinking } = renderChat({ file, vocabulary, chatTemplate }, { ...request, messages })
  const text = parts.map((part) => part.text).join('')
  checkPromptLength(text.length, contextLength)
  return { tokens: vocabulary.tokenizeParts(parts), text, isThinking }
}

/** What the answer must look like: from its beginning, from the end of a thought, or from a call's mark on. Throws E_GRAMMAR. */
export function constraintOf(runtime: Runtime, request: WireRequest, isThinking: boolean): Constraint | undefined {
  const { tools, toolChoice = 'auto', parallelToolCalls: several = true } = request
  const syntax = toolSyntaxOf(runtime.chatTemplate)
  const follow = (grammar: string) => new GrammarConstraint(runtime.grammars.get(grammar))
  const behind = (mark: string, constraint: Constraint) =>
    new LazyConstraint(mark, constraint, (token) => runtime.target.vocabulary.shownBytes(token))
  const grammar = request.jsonSchema === undefined ? request.grammar : jsonSchemaToGrammar(request.jsonSchema)
  let constraint: Constraint | undefined
  if (grammar !== undefined) constraint = follow(grammar)
  else if (tools?.length && toolChoice === 'auto') constraint = behind(syntax.mark, follow(lazyToolGrammar(tools, syntax, several)))
  else if (tools?.length) {
    const chosen = typeof toolChoice === 'object' ? tools.filter(({ name }) => name === toolChoice.name) : tools
    constraint = follow(toolGrammar(chosen, syntax, several && toolChoice === 'required'))
  }
  return constraint && isThinking ? behind('</think>', constraint) : constraint
}
