import fc from 'fast-check'
import { OuroborosError } from '../../src/core/errors.ts'
import { AnswerStream } from '../../src/text/answer-stream.ts'
import { renderChat } from '../../src/text/chat-template.ts'
import { KNOWN_TEMPLATES } from '../../src/text/known-templates.ts'
import { area } from './area.ts'

const TOOLS = [
  {
    name: 'get_weather',
    parameters: { type: 'object', properties: { city: { type: 'string' }, days: { type: 'integer' } }, required: ['city'] },
  },
  { name: 'go' },
  { name: 'python' },
  { name: 'web.search' },
]
const value = fc.oneof(
  fc.json({ maxDepth: 2, stringUnit: 'grapheme' }),
  fc.constantFrom(
    '"Oslo"',
    '1234567890123456789',
    '1e400',
    '-0.0',
    '"</tool_call>"',
    '"}]"',
    '"\\"',
    '"```"',
    '"[TOOL_CALLS]"',
    '{"2":1,"1":2}',
    '"<think>"',
  ),
)
const given = fc.oneof(
  fc.constantFrom(
    '{"city": "Oslo"}',
    '{}',
    '[1]',
    '"{\\"city\\": \\"Oslo\\"}"',
    'null',
    '{',
    '{"city": 5}',
    '{"city": "Oslo", "days": 12345678901234567890}',
  ),
  fc
    .array(fc.tuple(fc.constantFrom('city', 'days', '2', 'x'), value), { maxLength: 3 })
    .map((all) => `{${all.map(([key, one]) => `"${key}": ${one}`).join(', ')}}`),
)
const name = fc.constantFrom('get_weather', 'get_weather', 'go', 'python', 'web.search', 'nobody', '')
const call = fc
  .tuple(name, given, fc.constantFrom('arguments', 'parameters', 'args'))
  .map(([one, all, key]) => `{"name": "${one}", "${key}": ${all}}`)

/** A call in each family's format. */
const written = fc.oneof(
  call.map((one) => `<tool_call>\n${one}\n</tool_call>`),
  call.map((one) => `<tool_call>{${one}}</tool_call>`),
  fc.array(call, { minLength: 1, maxLength: 3 }).map((all) => `[TOOL_CALLS] [${all.join(', ')}]`),
  fc.tuple(name, given).map(([one, all]) => `[TOOL_CALLS]${one}[CALL_ID]123456789[ARGS]${all}`),
  fc.tuple(name, given).map(([one, all]) => `[TOOL_CALLS]${one}${all}`),
  fc.array(call, { minLength: 1, maxLength: 2 }).map((all) => `<|python_tag|>${all.join('; ')}`),
  fc.constantFrom('<|python_tag|>web.search.call(query="a, b", n=3)', '<|python_tag|>print(1)\n', '<|python_tag|>'),
  fc.tuple(fc.constantFrom('json', '', 'python', 'tool_call'), call).map(([language, one]) => `\n\`\`\`${language}\n${one}\n\`\`\`\n`),
  fc.tuple(name, given).map(([one, all]) => `<function=${one}>${all}</function>`),
  fc
    .tuple(name, value)
    .map(([one, all]) => `<tool_call>\n<function=${one}>\n<parameter=city>\n${all}\n</parameter>\n</function>\n</tool_call>`),
  call.map((one) => `\n${one}\n`),
  call.map((one) => `{"type": "function", "function": ${one}}`),
)
const scrap = fc.constantFrom(
  '<tool_call>',
  '</tool_call>',
  '```json\n',
  '```',
  '\n',
  ' ',
  '{',
  '}',
  '[',
  '"',
  '\\',
  '[TOOL_CALLS]',
  '[ARGS]',
  '<|python_tag|>',
  '<function=go>',
  '</function>',
  '<parameter=city>',
  '<think>',
  '</think>',
  'go',
  ';',
  ',',
  '<tool',
  '😀',
  '\ud83d',
  '{"name"',
)
const text = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: written },
      { weight: 3, arbitrary: scrap },
      { weight: 1, arbitrary: fc.string({ maxLength: 8, unit: 'grapheme' }) },
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.join(''))
const damaged = fc
  .tuple(text, fc.nat(), fc.nat({ max: 4 }), scrap)
  .map(([all, at, cut, more]) => all.slice(0, at % (all.length + 1)) + more + all.slice((at % (all.length + 1)) + cut))

type Told = { text: string } | { thought: string } | { name: string; arguments: string }

/** What an answer in these pieces is; pieces of one text are joined. */
function heard(pieces: readonly string[]): Told[] {
  const stream = new AnswerStream({ tools: TOOLS })
  const told: Told[] = []
  for (const part of [...pieces.flatMap((piece) => stream.push(piece)), ...stream.flush()]) {
    const last = told.at(-1)
    if (part.type === 'call') told.push({ name: part.call.name, arguments: part.call.arguments })
    else if (part.type === 'text' && last && 'text' in last) last.text += part.text
    else if (part.type === 'reasoning' && last && 'thought' in last) last.thought += part.text
    else told.push(part.type === 'text' ? { text: part.text } : { thought: part.text })
  }
  return told
}

const LONG = 600

/** Every cut into two, letter by letter, and one at random. */
function* cuts(text: string, sizes: readonly number[]): Generator<string[]> {
  yield [...text]
  const every = Math.ceil(text.length / LONG)
  for (let i = 1; i < text.length; i += every) yield [text.slice(0, i), text.slice(i)]
  const pieces: string[] = []
  let at = 0
  for (let i = 0; at < text.length; i++) {
    const size = (sizes[i % sizes.length] ?? 0) + 1
    pieces.push(text.slice(at, at + size))
    at += size
  }
  yield pieces
}

/** Texts of tools: any cut gives the same, no letter is lost, and what is given out is legal and accepted back. */
export const toolTexts = area<[string, number[]]>({
  name: 'tool texts',
  cases: fc.tuple(
    fc.oneof({ weight: 2, arbitrary: text }, { weight: 1, arbitrary: damaged }),
    fc.array(fc.nat({ max: 12 }), { minLength: 1, maxLength: 20 }),
  ),
  check([text, sizes]) {
    const whole = heard([text])
    const expected = JSON.stringify(whole)
    for (const pieces of cuts(text, sizes)) {
      const told = JSON.stringify(heard(pieces))
      if (told !== expected) throw new Error(`cut as ${JSON.stringify(pieces)}: ${told} in place of ${expected}`)
    }
    const calls = whole.filter((one) => 'name' in one)
    if (
      !text.includes('<think>') &&
      whole.every((one) => 'text' in one) &&
      whole.map((one) => ('text' in one ? one.text : '')).join('') !== text
    )
      throw new Error(`letters are lost: ${expected}`)
    for (const { name, arguments: given } of calls as { name: string; arguments: string }[]) {
      if (!TOOLS.some((tool) => tool.name === name)) throw new Error(`nobody offered ${name}`)
      const object = JSON.parse(given) as unknown
      if (typeof object !== 'object' || object === null || Array.isArray(object)) throw new Error(`no object: ${given}`)
      acceptedBack(name, given)
    }
    return calls.length > 0 ? 'calls' : 'text'
  },
})

function acceptedBack(name: string, given: string): void {
  const vocabulary = { bos: -1, eos: -1, marks: ['<|im_start|>', '<|im_end|>'], spelling: () => '' }
  const chatTemplate = `${KNOWN_TEMPLATES['chatml']}{% for m in messages %}{% for c in m.tool_calls or [] %}{{ c.function.arguments | tojson }}{% endfor %}{% endfor %}`
  try {
    renderChat(
      { file: 'm.gguf', chatTemplate, vocabulary },
      {
        messages: [
          { role: 'user', content: 'x' },
          { role: 'assistant', content: '', toolCalls: [{ name, arguments: given }] },
        ],
      },
    )
  } catch (error) {
    throw error instanceof OuroborosError ? new Error(`not accepted back: ${error.message}`) : error
  }
}
