import { jsonSchemaToGrammar } from './json-schema.ts'

interface Callable {
  readonly name: string
  readonly parameters?: Record<string, unknown> | null | undefined
}

/**
 * The grammar (GBNF) of a call of one of these tools, as Qwen's and Hermes' templates write it; `several` = of one call or more.
 * Throws E_GRAMMAR where a parameter cannot be expressed.
 */
export function toolGrammar(tools: readonly Callable[], several: boolean): string {
  const calls = tools.map(({ name, parameters }, i) => ({
    type: 'object',
    properties: { name: { const: name }, arguments: moved(parameters ?? { type: 'object' }, `#/anyOf/${i}/properties/arguments`) },
    required: ['name', 'arguments'],
    additionalProperties: false,
  }))
  const rules = jsonSchemaToGrammar({ anyOf: calls }).replace(/^root ::= /, 'tool-call ::= ')
  const one = String.raw`"<tool_call>\n" tool-call "</tool_call>"`
  return `root ::= ${one}${several ? String.raw` ("\n" ${one})*` : ''}\n${rules}`
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
