import type { Tool } from '../../api/types.ts'
import { OuroborosError } from '../../core/errors.ts'
import { jsonSchemaToGrammar } from '../json-schema.ts'
import { checkSize } from '../schema/limits.ts'

/** How a family of models writes calls. */
export interface ToolSyntax {
  /** What calls begin with. */
  readonly mark: string
  /** Whether an answer that must be a call begins with the mark. */
  readonly isMarkNeeded: boolean
  readonly argumentsKey: 'arguments' | 'parameters'
  /** GBNF of what follows the mark: `call` stands for a JSON object and white space. */
  readonly one: (call: string) => string
  readonly several: (call: string) => string
}

const HERMES: ToolSyntax = {
  mark: '<tool_call>',
  isMarkNeeded: true,
  argumentsKey: 'arguments',
  one: (call) => String.raw`"\n" ${call} "</tool_call>"`,
  several: (call) => String.raw`"\n" ${call} "</tool_call>" ("\n<tool_call>\n" ${call} "</tool_call>")*`,
}
const LLAMA: ToolSyntax = {
  mark: '<|python_tag|>',
  isMarkNeeded: false,
  argumentsKey: 'parameters',
  one: (call) => call,
  several: (call) => `${call} (";" " "? ${call})*`,
}
const MISTRAL: ToolSyntax = {
  mark: '[TOOL_CALLS]',
  isMarkNeeded: true,
  argumentsKey: 'arguments',
  one: (call) => `" "? "[" ${call} "]"`,
  several: (call) => `" "? "[" ${call} ("," " "? ${call})* "]"`,
}

/** The syntax that a chat template shows; Hermes' where it shows none. */
export function toolSyntaxOf(template: string | undefined): ToolSyntax {
  if (template?.includes('<tool_call>')) return HERMES
  if (template?.includes('[TOOL_CALLS]')) return MISTRAL
  if (template?.includes('<|python_tag|>') || template?.includes('"parameters": ')) return LLAMA
  return HERMES
}

/** Keywords that say of further properties whether they may be there. */
const OPEN = ['additionalProperties', 'patternProperties', 'unevaluatedProperties', 'allOf', 'anyOf', 'oneOf', '$ref']

/** The grammar (GBNF) of an answer that is a call, or several, of these tools. Throws E_GRAMMAR where a parameter cannot be expressed. */
export function toolGrammar(tools: readonly Tool[], syntax: ToolSyntax, several: boolean): string {
  const mark = syntax.isMarkNeeded ? `"${syntax.mark}" ` : ''
  return `root ::= ${mark}${several ? syntax.several('tool-call') : syntax.one('tool-call')}\n${callRules(tools, syntax)}`
}

/** The grammar of what follows a mark that the model wrote by itself. Parameters that cannot be expressed may be anything. */
export function lazyToolGrammar(tools: readonly Tool[], syntax: ToolSyntax, several: boolean): string {
  const expressible = tools.map((tool) => (isExpressible(tool) ? tool : { ...tool, parameters: { type: 'object' } }))
  return `root ::= ${several ? syntax.several('tool-call') : syntax.one('tool-call')}\n${callRules(expressible, syntax)}`
}

function callRules(tools: readonly Tool[], { argumentsKey }: ToolSyntax): string {
  for (const { parameters } of tools) checkSize(parameters)
  const calls = tools.map(({ name, parameters }, i) => ({
    type: 'object',
    properties: {
      name: { const: name },
      [argumentsKey]: moved(closed(parameters ?? { type: 'object' }), `#/anyOf/${i}/properties/${argumentsKey}`),
    },
    required: ['name', argumentsKey],
    additionalProperties: false,
  }))
  return jsonSchemaToGrammar({ anyOf: calls }).replace(/^root ::= /, 'tool-call ::= ')
}

function isExpressible({ parameters }: Tool): boolean {
  try {
    jsonSchemaToGrammar(parameters ?? { type: 'object' })
    return true
  } catch (error) {
    if (error instanceof OuroborosError) return false
    throw error
  }
}

/** Only declared arguments: a schema that says nothing of others allows them, and a small model would write them without end. */
function closed(schema: unknown): unknown {
  if (typeof schema !== 'object' || schema === null || !('properties' in schema) || OPEN.some((key) => key in schema)) return schema
  const properties = Object.entries(schema.properties as object).map(([name, value]) => [name, closed(value)])
  return { ...schema, properties: Object.fromEntries(properties), additionalProperties: false }
}

/** References into the schema itself follow it to its new place. */
function moved(schema: unknown, place: string): unknown {
  if (Array.isArray(schema)) return schema.map((one) => moved(one, place))
  if (typeof schema !== 'object' || schema === null) return schema
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([key]) => key !== '$schema')
      .map(([key, value]) => [
        key,
        key === '$ref' && typeof value === 'string' && value.startsWith('#') ? place + value.slice(1) : moved(value, place),
      ]),
  )
}
