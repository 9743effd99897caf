import { describe, expect, test } from 'vitest'
import type { GenerateRequest, Tool } from '../../src/api/types.ts'
import { AnswerStream } from '../../src/text/answer-stream.ts'
import { COSTS, collect, METHODS, smallEngine } from './small-engine.ts'

const engine = smallEngine({
  ...COSTS,
  // A template that shows tools, and opens a thought where that is wanted.
  chatTemplate: `{% if tools %}<tools>{{ tools | tojson }}</tools>Calls: <tool_call>{"name": …, "arguments": …}</tool_call>{% endif %}{% for m in messages %}<|im_start|>{{ m.role }}
{{ m.content }}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% if enable_thinking %}<think>
{% endif %}{% endif %}`,
})

const tools: Tool[] = [
  { name: 'get_weather', parameters: { type: 'object', properties: { city: { enum: ['Oslo', 'Rome'] } }, required: ['city'] } },
  { name: 'stop', parameters: { type: 'object', properties: {}, additionalProperties: false } },
]
const messages = [{ role: 'user' as const, content: 'How is the weather in Oslo?' }]
/** Whatever this model begins with: the mark of a call. */
const mark = { role: 'assistant' as const, content: 'I look.\n<tool_call' }

const FORMS: Record<string, GenerateRequest> = {
  'tools that may be called': { messages, tools, maxTokens: 40 },
  'a call that has begun': { messages: [...messages, mark], tools, maxTokens: 60 },
  'a call that must be': { messages, tools, toolChoice: 'required', maxTokens: 80 },
  'one tool, sampled': { messages, tools, toolChoice: { name: 'get_weather' }, temperature: 1, seed: 7, maxTokens: 80 },
  'the beginning of an answer': { messages: [...messages, { role: 'assistant', content: 'The weather in Oslo is' }], maxTokens: 32 },
  'a schema behind a thought': { messages, jsonSchema: { type: 'integer' }, chatTemplateKwargs: { enable_thinking: true }, maxTokens: 40 },
  'a call behind a thought': { messages, tools, toolChoice: 'required', chatTemplateKwargs: { enable_thinking: true }, maxTokens: 60 },
  'a grammar behind the beginning of an answer': {
    messages: [...messages, { role: 'assistant', content: 'It is' }],
    grammar: 'root ::= " " [a-z]+ (" " [a-z]+)*',
    temperature: 1,
    seed: 3,
    maxTokens: 40,
  },
  'no end': { messages, ignoreEos: true, maxTokens: 48 },
}

describe.each(Object.entries(FORMS))('%s', (_, request) => {
  test('every method writes plain decoding’s text', async () => {
    const plain = await collect(engine(), { ...request, method: 'vanilla' })
    expect(plain.text).not.toBe('')
    for (const method of METHODS) expect((await collect(engine(), { ...request, method })).text, method).toBe(plain.text)
  })
})

test('a call that must be is legal, and one of the offered tools', async () => {
  for (const temperature of [0, 1]) {
    const { text } = await collect(engine(), {
      messages,
      tools,
      toolChoice: 'required',
      parallelToolCalls: false,
      temperature,
      maxTokens: 120,
    })
    const answer = new AnswerStream({ tools })
    const parts = [...answer.push(text), ...answer.flush()]
    expect(parts).toEqual([{ type: 'call', call: expect.objectContaining({ name: expect.stringMatching(/^(get_weather|stop)$/) }) }])
  }
})

test('ignoreEos writes as many tokens as were asked for', async () => {
  const { result } = await collect(engine(), FORMS['no end'] as GenerateRequest)
  expect(result.usage.completionTokens).toBe(48)
  expect(result.finishReason).toBe('length')
})
