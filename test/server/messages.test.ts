import { describe, expect, it } from 'vitest'
import { HI, testApp } from './harness.ts'

const PATH = '/v1/messages'
const ASK = { ...HI, max_tokens: 100 }
const tools = [{ name: 'weather', description: 'The weather', input_schema: { type: 'object', properties: { city: { type: 'string' } } } }]
const CALL = 'I look.\n<tool_call>\n{"name": "weather", "arguments": {"2": 1234567890123456789, "city": "Rome"}}\n</tool_call>'

/** The events of a stream, each named by its type. */
// biome-ignore lint/suspicious/noExplicitAny: events of many shapes
async function told(response: Response): Promise<Record<string, any>[]> {
  return (await response.text())
    .split('\n\n')
    .filter(Boolean)
    .map((text) => {
      const [, name, data] = /^event: (\S+)\ndata: (.*)$/.exec(text) ?? []
      const event = JSON.parse(data as string)
      expect(event.type).toBe(name)
      return event
    })
}

describe('Anthropic’s messages', () => {
  it('text, whole', async () => {
    const { post, engine } = testApp()
    const response = await post(PATH, { ...ASK, system: [{ type: 'text', text: 'Be brief.' }], stop_sequences: ['wide'], temperature: 0.5 })
    expect(await response.json()).toMatchObject({
      id: expect.stringMatching(/^msg_/),
      type: 'message',
      role: 'assistant',
      model: 'big',
      content: [{ type: 'text', text: 'Hello there, ' }],
      stop_reason: 'stop_sequence',
      stop_sequence: 'wide',
      usage: { input_tokens: 3, output_tokens: 3, cache_read_input_tokens: 0 },
    })
    expect(engine.requests[0]).toMatchObject({
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hi' },
      ],
      maxTokens: 100,
      temperature: 0.5,
      stop: ['wide'],
    })
  })

  it('thoughts, text and calls, whole: the arguments are the model’s own text', async () => {
    const { post } = testApp({ answer: () => `<think>Hm.</think>${CALL}` })
    const text = await (await post(PATH, { ...ASK, tools })).text()
    expect(text).toContain('"input":{"2": 1234567890123456789, "city": "Rome"}')
    expect(JSON.parse(text)).toMatchObject({
      content: [
        { type: 'thinking', thinking: 'Hm.', signature: '' },
        { type: 'text', text: 'I look.' },
        { type: 'tool_use', id: expect.stringMatching(/^call_/), name: 'weather' },
      ],
      stop_reason: 'tool_use',
      stop_sequence: null,
    })
  })

  it('and streamed', async () => {
    const { post } = testApp({ answer: () => CALL, stepWords: 1 })
    const events = await told(await post(PATH, { ...ASK, tools, stream: true }))
    expect(events[0]).toMatchObject({ type: 'message_start', message: { role: 'assistant', content: [], stop_reason: null } })
    expect(events.filter(({ type }) => type === 'content_block_start').map(({ index, content_block }) => [index, content_block])).toEqual([
      [0, { type: 'text', text: '' }],
      [1, { type: 'tool_use', id: expect.any(String), name: 'weather', input: {} }],
    ])
    const deltas = events.filter(({ type }) => type === 'content_block_delta')
    expect(deltas.map(({ delta }) => delta.text ?? '').join('')).toBe('I look.')
    expect(deltas.at(-1)?.delta).toEqual({ type: 'input_json_delta', partial_json: '{"2": 1234567890123456789, "city": "Rome"}' })
    expect(events.slice(-3).map(({ type }) => type)).toEqual(['content_block_stop', 'message_delta', 'message_stop'])
    expect(events.at(-2)).toMatchObject({ delta: { stop_reason: 'tool_use' }, usage: { output_tokens: expect.any(Number) } })
  })

  it('what is given out is taken back', async () => {
    const { post, engine } = testApp({ answer: () => CALL })
    const first = (await (await post(PATH, { ...ASK, tools })).json()) as { content: { type: string; id?: string }[] }
    const id = first.content.at(-1)?.id
    const history = [
      ...ASK.messages,
      { role: 'assistant', content: first.content },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: id, content: [{ type: 'text', text: 'sunny' }] },
          { type: 'text', text: 'So?' },
        ],
      },
    ]
    expect((await post(PATH, { ...ASK, tools, messages: history })).status).toBe(200)
    expect(engine.requests[1]?.messages?.slice(1)).toMatchObject([
      { role: 'assistant', content: 'I look.', toolCalls: [{ id, name: 'weather' }] },
      { role: 'tool', content: 'sunny', toolCallId: id },
      { role: 'user', content: 'So?' },
    ])
  })

  it('digits and the order of keys come back as they were written', async () => {
    const { post, engine } = testApp()
    const input = '{"2": 1234567890123456789, "1": 1.50, "x": {"10": 1e400, "9": "}]"}}'
    const use = `{"type": "tool_use", "id": "a", "name": "weather", "input": ${input}}`
    const history = `[{"role": "user", "content": "Hi"}, {"role": "assistant", "content": [{"type": "text", "text": "\\"input\\""}, ${use}]}]`
    const body = `{"max_tokens": 9, "tools": ${JSON.stringify(tools)}, "messages": ${history}}`
    expect((await post(PATH, body)).status).toBe(200)
    expect(engine.requests[0]?.messages?.[1]?.toolCalls?.[0]?.arguments).toBe(input)
  })

  it.each<[object, object]>([
    [{ tool_choice: { type: 'any' } }, { toolChoice: 'required' }],
    [{ tool_choice: { type: 'tool', name: 'weather' } }, { toolChoice: { name: 'weather' } }],
    [{ tool_choice: { type: 'auto', disable_parallel_tool_use: true } }, { parallelToolCalls: false }],
    [{ thinking: { type: 'disabled' } }, { chatTemplateKwargs: { enable_thinking: false } }],
    [{ thinking: { type: 'enabled', budget_tokens: 1024 } }, { chatTemplateKwargs: { enable_thinking: true } }],
    [
      { messages: [...HI.messages, { role: 'assistant', content: 'So' }] },
      { messages: [{ role: 'user' }, { role: 'assistant', content: 'So' }] },
    ],
  ])('%j', async (body, expected) => {
    const { post, engine } = testApp()
    expect((await post(PATH, { ...ASK, tools, ...body })).status).toBe(200)
    expect(engine.requests[0]).toMatchObject(expected)
  })

  it('refusals in Anthropic’s shape; its header for the key', async () => {
    const { post } = testApp({}, { apiKeys: ['secret'] })
    const key = { 'x-api-key': 'secret' }
    expect((await post(PATH, ASK)).status).toBe(401)
    expect((await post(PATH, ASK, key)).status).toBe(200)
    for (const body of [
      {},
      { ...ASK, max_tokens: undefined },
      { ...ASK, container: 'x' },
      { ...ASK, messages: [{ role: 'user', content: [{ type: 'image' }] }] },
    ]) {
      const refused = await post(PATH, body, key)
      expect(refused.status).toBe(400)
      expect(await refused.json()).toMatchObject({ type: 'error', error: { type: 'invalid_request_error', message: expect.any(String) } })
    }
  })
})
