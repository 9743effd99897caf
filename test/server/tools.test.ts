import { describe, expect, it } from 'vitest'
import { toolGrammar, toolSyntaxOf } from '../../src/text/tools/tool-grammar.ts'
import { events, HI, testApp } from './harness.ts'

const CHAT = '/v1/chat/completions'
const weather = {
  type: 'function',
  function: { name: 'weather', description: 'The weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } },
}
const time = { type: 'function', function: { name: 'time' } }
const call = (name: string, given: object) => `<tool_call>\n${JSON.stringify({ name, arguments: given })}\n</tool_call>`

describe('tools', () => {
  it('a call in the answer becomes tool_calls; text before it stays content', async () => {
    const { post, engine } = testApp({ answer: () => `Let me see. ${call('weather', { city: 'Rome' })}`, stepWords: 1 })
    const body = { ...HI, tools: [weather, time] }
    expect(await (await post(CHAT, body)).json()).toMatchObject({
      choices: [
        {
          message: {
            content: 'Let me see.',
            tool_calls: [
              { id: expect.stringMatching(/^call_/), type: 'function', function: { name: 'weather', arguments: '{"city":"Rome"}' } },
            ],
          },
          finish_reason: 'tool_calls',
        },
      ],
    })
    expect(engine.requests[0]?.tools).toEqual([
      { name: 'weather', description: 'The weather', parameters: weather.function.parameters },
      { name: 'time' },
    ])
    const chunks = (await events(await post(CHAT, { ...body, stream: true }))) as { choices: { delta: object; finish_reason: string }[] }[]
    expect(chunks.map(({ choices }) => choices[0]?.delta).at(-2)).toEqual({
      tool_calls: [{ index: 0, id: expect.any(String), type: 'function', function: { name: 'weather', arguments: '{"city":"Rome"}' } }],
    })
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('tool_calls')
    expect(JSON.stringify(chunks)).not.toContain('<tool')
  })

  it('several calls; content is null where there is none', async () => {
    const { post } = testApp({ answer: () => `${call('time', {})}\n${call('weather', { city: 'Oslo' })}` })
    const answer = await (await post(CHAT, { ...HI, tools: [weather, time] })).json()
    expect(answer).toMatchObject({
      choices: [
        { message: { content: null, tool_calls: [{ function: { name: 'time', arguments: '{}' } }, { function: { name: 'weather' } }] } },
      ],
    })
  })

  it('what is no legal call stays text, and without tools nothing is looked for', async () => {
    for (const text of ['<tool_call> {"name": } </tool_call>', 'a < b <tool_cal', '<tool_call>\n{"nam']) {
      const { post } = testApp({ answer: () => text, stepWords: 1 })
      for (const tools of [[weather], undefined]) {
        expect(await (await post(CHAT, { ...HI, tools })).json()).toMatchObject({
          choices: [{ message: { content: text }, finish_reason: 'stop' }],
        })
      }
    }
  })

  it('tool_choice: none hides them, required and a name are grammars', async () => {
    const { post, engine } = testApp()
    await post(CHAT, { ...HI, tools: [weather], tool_choice: 'none' })
    await post(CHAT, { ...HI, tools: [weather, time], tool_choice: 'required' })
    await post(CHAT, { ...HI, tools: [weather, time], tool_choice: { type: 'function', function: { name: 'time' } } })
    const [none, required, named] = engine.requests
    expect(none?.tools).toBeUndefined()
    expect(required?.toolChoice).toBe('required')
    expect(named?.toolChoice).toEqual({ name: 'time' })
    const wrong = await post(CHAT, { ...HI, tools: [weather], tool_choice: { type: 'function', function: { name: 'nothing' } } })
    expect(wrong.status).toBe(400)
    expect((await post(CHAT, { ...HI, tool_choice: 'required' })).status).toBe(400)
  })

  it('calls and answers of tools in the conversation', async () => {
    const { post, engine } = testApp()
    await post(CHAT, {
      messages: [
        { role: 'user', content: 'Weather?' },
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'c1', type: 'function', function: { name: 'weather', arguments: '{"city":"Rome"}' } }],
        },
        { role: 'tool', tool_call_id: 'c1', content: 'sunny' },
      ],
    })
    expect(engine.requests[0]?.messages).toEqual([
      { role: 'user', content: 'Weather?' },
      { role: 'assistant', content: '', toolCalls: [{ id: 'c1', name: 'weather', arguments: '{"city":"Rome"}' }] },
      { role: 'tool', content: 'sunny', toolCallId: 'c1' },
    ])
  })

  it('arguments that come back as an object keep their digits and the order of their keys', async () => {
    const { post, engine } = testApp()
    const given = '{"2": 1234567890123456789, "1": 1.50}'
    const calls = `[{"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}, {"function": {"name": "f", "arguments": ${given}}}]`
    const history = `[{"role": "user", "content": "Hi"}, {"role": "assistant", "content": null, "tool_calls": ${calls}}]`
    expect((await post(CHAT, `{"messages": ${history}}`)).status).toBe(200)
    expect(engine.requests[0]?.messages?.[1]?.toolCalls?.map((call) => call.arguments)).toEqual(['{}', given])
  })

  it('parameters that are nested too deep are refused', async () => {
    const { post } = testApp()
    const deep = `${'{"type": "object", "properties": {"a": '.repeat(3000)}{}${'}}'.repeat(3000)}`
    const tool = `{"type": "function", "function": {"name": "f", "parameters": ${deep}}}`
    const response = await post(CHAT, `{"messages": ${JSON.stringify(HI.messages)}, "tools": [${tool}], "tool_choice": "required"}`)
    expect(response.status).toBe(400)
    expect(await response.text()).toContain('nested more than 128 deep')
  })

  it('references inside parameters follow them into the grammar', () => {
    const parameters = { type: 'object', properties: { at: { $ref: '#/$defs/place' } }, $defs: { place: { enum: ['here', 'there'] } } }
    expect(toolGrammar([{ name: 'go', parameters }], toolSyntaxOf(undefined), false)).toContain('there')
  })

  it('takes no arguments that the tool does not declare, unless it says that it does', () => {
    const grammarOf = (parameters: Record<string, unknown>) => toolGrammar([{ name: 'go', parameters }], toolSyntaxOf(undefined), false)
    const place = { type: 'object', properties: { city: { type: 'string' } } }
    const parameters = { type: 'object', properties: { place } }
    const closed = { type: 'object', properties: { place: { ...place, additionalProperties: false } }, additionalProperties: false }
    expect(grammarOf(parameters)).toBe(grammarOf(closed))
    const open = { ...parameters, additionalProperties: true }
    expect(grammarOf(open)).not.toBe(grammarOf(parameters))
  })
})

it('a model whose template shows no tools: refused, unless a call is forced', async () => {
  const { post } = testApp({ facts: { tools: false } })
  const refused = await post(CHAT, { ...HI, tools: [weather] })
  expect(refused.status).toBe(400)
  expect(await refused.json()).toMatchObject({ error: { code: 'tools_not_supported' } })
  expect((await post(CHAT, { ...HI, tools: [weather], tool_choice: 'required' })).status).toBe(200)
})
