import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ToolCallStream } from '../../src/text/tools/tool-call-stream.ts'

const WEATHER = {
  name: 'get_weather',
  parameters: { type: 'object', properties: { city: { type: 'string' }, days: { type: 'integer' } }, required: ['city'] },
}
const TOOLS = [WEATHER, { name: 'go' }, { name: 'python' }, { name: 'web.search' }]
type Told = string | { readonly name: string; readonly arguments: string }

/** What a text is, given in these pieces; pieces of text are joined. */
function heard(pieces: readonly string[]): Told[] {
  const stream = new ToolCallStream(TOOLS)
  const told: Told[] = []
  for (const { text, call } of [...pieces.flatMap((piece) => stream.push(piece)), ...stream.flush()]) {
    const last = told.at(-1)
    if (call) told.push({ name: call.name, arguments: call.arguments })
    else if (typeof last === 'string') told[told.length - 1] = last + text
    else told.push(text)
  }
  return told
}

const call = (given: string, name = 'get_weather') => ({ name, arguments: given })
const OSLO = '{"name": "get_weather", "arguments": {"city": "Oslo"}}'
const oslo = call('{"city": "Oslo"}')

const CASES: readonly [string, string, readonly Told[]][] = [
  ['Hermes', `<tool_call>\n${OSLO}\n</tool_call>`, [oslo]],
  [
    'text on both sides keeps its white space but where it touches a call',
    `I look.  It is:\n\n<tool_call>\n${OSLO}\n</tool_call>\nI have asked for it.\n\nPlease wait a moment. `,
    ['I look.  It is:', oslo, 'I have asked for it.\n\nPlease wait a moment. '],
  ],
  ['two calls', `<tool_call>${OSLO}</tool_call>\n<tool_call>${OSLO}</tool_call>`, [oslo, oslo]],
  ['two calls inside one mark', `<tool_call>\n${OSLO}\n${OSLO}\n</tool_call>`, [oslo, oslo]],
  ['no closing mark', `<tool_call>\n${OSLO}`, [oslo]],
  ['doubled braces', '<tool_call>\n{{"name": "get_weather", "arguments": {"city": "Oslo"}}}\n</tool_call>', [oslo]],
  [
    'digits and order as they were written',
    '<tool_call>{"name": "go", "arguments": {"2": 1234567890123456789, "1": 1.50, "x": [1e400]}}</tool_call>',
    [call('{"2": 1234567890123456789, "1": 1.50, "x": [1e400]}', 'go')],
  ],
  [
    'marks inside an argument',
    '<tool_call>{"name": "go", "arguments": {"a": "</tool_call> <tool_call> \\" }"}}</tool_call>!',
    [call('{"a": "</tool_call> <tool_call> \\" }"}', 'go'), '!'],
  ],
  ['parameters', '<tool_call>{"name": "get_weather", "parameters": {"city": "Oslo"}}</tool_call>', [oslo]],
  ['arguments as JSON text', '<tool_call>{"name": "get_weather", "arguments": "{\\"city\\": \\"Oslo\\"}"}</tool_call>', [oslo]],
  ['no arguments', '<tool_call>{"name": "go"}</tool_call>', [call('{}', 'go')]],
  ['fenced', 'Sure:\n```json\n{\n  "name": "get_weather",\n  "arguments": {"city": "Oslo"}\n}\n```\nDone.', ['Sure:', oslo, 'Done.']],
  ['a fence without its end', `\`\`\`json\n${OSLO}`, [oslo]],
  ['a fence without a language', `\`\`\`\n[${OSLO}, ${OSLO}]\n\`\`\``, [oslo, oslo]],
  ['plain', `${OSLO}`, [oslo]],
  ['plain, Llama 3', '{"name": "get_weather", "parameters": {"city": "Oslo"}}; {"name": "go", "parameters": {}}', [oslo, call('{}', 'go')]],
  ['plain in a line of its own', `I call:\n\n${OSLO}\n`, ['I call:', oslo]],
  ['OpenAI’s shape', `{"type": "function", "function": ${OSLO}}`, [oslo]],
  ['a list of calls', `{"tool_calls": [${OSLO}]}`, [oslo]],
  [
    'Llama 3, python tag',
    '<|python_tag|>{"name": "get_weather", "parameters": {"city": "Oslo"}}; {"name": "go", "parameters": {}}',
    [oslo, call('{}', 'go')],
  ],
  ['Llama 3, built in', '<|python_tag|>web.search.call(query="a, b", n=3)', [call('{"query": "a, b", "n": 3}', 'web.search')]],
  ['Llama 3, code', '<|python_tag|>print(1)\n', [call('{"code":"print(1)"}', 'python')]],
  ['Mistral', `[TOOL_CALLS] [${OSLO}, {"name": "go", "arguments": {}}]`, [oslo, call('{}', 'go')]],
  ['Mistral with names', '[TOOL_CALLS]get_weather[ARGS]{"city": "Oslo"}[TOOL_CALLS]go{}', [oslo, call('{}', 'go')]],
  ['Mistral with ids', '[TOOL_CALLS]get_weather[CALL_ID]123456789[ARGS]{"city": "Oslo"}', [oslo]],
  [
    'Qwen3-Coder',
    '<tool_call>\n<function=get_weather>\n<parameter=city>\nOslo\n</parameter>\n<parameter=days>\n3\n</parameter>\n</function>\n</tool_call>',
    [call('{"city": "Oslo", "days": 3}')],
  ],
  ['JSON in a function’s mark', '<function=get_weather>{"city": "Oslo"}</function>', [oslo]],
  ...[
    'a < b <tool_cal',
    '<tool_call>\n{"nam',
    '<tool_call> {"name": } </tool_call>',
    '<tool_call>{"name": "nobody", "arguments": {}}</tool_call>',
    '<tool_call>{"name": "go", "arguments": [1]}</tool_call>',
    '<tool_call>{"name": "get_weather", "arguments": {}}</tool_call>',
    '<tool_call>{"name": "get_weather", "arguments": {"city": 5}}</tool_call>',
    'Use <tool_call> to call.',
    '```python\nprint(1)\n```\n',
    '```json\n{"title": "x", "name": "go"}\n```\n',
    '[{"name": "Ann"}, {"name": "Bob"}]  \n\n',
    '[TOOL_CALLS] none',
    '{"a": {"name": "go", "arguments": {}}}',
    '   \n  ',
    '<function=nobody>{}</function>',
    '{{"name": "go"',
  ].map((text): [string, string, Told[]] => [`no call: ${text}`, text, [text]]),
]

describe('calls in a text', () => {
  it.each(CASES)('%s', (_, text, expected) => {
    expect(heard([text])).toEqual(expected)
    expect(heard([...text]), 'letter by letter').toEqual(expected)
    for (let i = 1; i < text.length; i++) expect(heard([text.slice(0, i), text.slice(i)]), `cut at ${i}`).toEqual(expected)
  })

  it('any cut of any text gives the same, and no letter is lost that is not a call’s', () => {
    const part = fc.constantFrom(
      ...CASES.map(([, text]) => text),
      ...[
        '<tool_call>',
        '</tool_call>',
        '```json\n',
        '```',
        '\n',
        ' ',
        '{',
        '}',
        '"',
        '\\',
        '[TOOL_CALLS]',
        '<|python_tag|>',
        '<function=go>',
        'go',
        ';',
        ',',
      ],
      OSLO,
    )
    const text = fc.array(fc.oneof(part, fc.string({ maxLength: 6 })), { maxLength: 8 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(text, fc.array(fc.nat({ max: 30 }), { maxLength: 40 }), (all, sizes) => {
        const pieces: string[] = []
        let at = 0
        for (const size of sizes) {
          pieces.push(all.slice(at, at + size))
          at += size
        }
        pieces.push(all.slice(at))
        const whole = heard([all])
        expect(heard(pieces)).toEqual(whole)
        if (whole.every((one) => typeof one === 'string')) expect(whole.join('')).toBe(all)
        for (const one of whole) if (typeof one !== 'string') expect(JSON.parse(one.arguments)).toBeTypeOf('object')
      }),
      { numRuns: 3000 },
    )
  })
})
