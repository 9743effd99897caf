import { describe, expect, it } from 'vitest'
import { testApp } from './harness.ts'

const PATH = '/v1/responses'
const tools = [
  {
    type: 'function',
    name: 'weather',
    description: 'The weather',
    parameters: { type: 'object', properties: { city: { type: 'string' } } },
  },
]
const CALL = 'I look.\n<tool_call>\n{"name": "weather", "arguments": {"2": 1234567890123456789, "city": "Rome"}}\n</tool_call>'
const GIVEN = '{"2": 1234567890123456789, "city": "Rome"}'

describe('OpenAI’s responses', () => {
  it('text, whole', async () => {
    const { post, engine } = testApp()
    const response = await post(PATH, { input: 'Hi', instructions: 'Be brief.', max_output_tokens: 2, store: true, include: [] })
    expect(await response.json()).toMatchObject({
      id: expect.stringMatching(/^resp_/),
      object: 'response',
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
      model: 'big',
      output: [{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Hello there,', annotations: [] }] }],
      usage: { input_tokens: 3, output_tokens: 2, total_tokens: 5 },
    })
    expect(engine.requests[0]).toMatchObject({
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hi' },
      ],
      maxTokens: 2,
    })
  })

  it('thoughts, text and calls, whole; what is given out is taken back', async () => {
    const { post, engine } = testApp({ answer: () => `<think>Hm.</think>${CALL}` })
    const first = (await (await post(PATH, { input: 'Hi', tools })).json()) as { output: { call_id?: string }[] }
    expect(first).toMatchObject({
      status: 'completed',
      output: [
        { type: 'reasoning', summary: [], content: [{ type: 'reasoning_text', text: 'Hm.' }] },
        { type: 'message', content: [{ text: 'I look.' }] },
        { type: 'function_call', call_id: expect.stringMatching(/^call_/), name: 'weather', arguments: GIVEN, status: 'completed' },
      ],
    })
    const id = first.output.at(-1)?.call_id
    const input = [
      { role: 'user', content: [{ type: 'input_text', text: 'Hi' }] },
      ...first.output,
      { type: 'function_call_output', call_id: id, output: 'sunny' },
    ]
    expect((await post(PATH, { input, tools })).status).toBe(200)
    expect(engine.requests[1]?.messages).toEqual([
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'I look.', reasoning: 'Hm.', toolCalls: [{ id, name: 'weather', arguments: GIVEN }] },
      { role: 'tool', content: 'sunny', toolCallId: id },
    ])
  })

  it('and streamed, numbered, each event named by its type', async () => {
    const { post } = testApp({ answer: () => `<think>Hm.</think>${CALL}`, stepWords: 1 })
    const text = await (await post(PATH, { input: 'Hi', tools, stream: true })).text()
    const events = text
      .split('\n\n')
      .filter(Boolean)
      // biome-ignore lint/suspicious/noExplicitAny: events of many shapes
      .map((one) => JSON.parse(one.slice(one.indexOf('data: ') + 6)) as Record<string, any>)
    expect(events.map(({ sequence_number }) => sequence_number)).toEqual([...events.keys()])
    expect([...new Set(events.map(({ type }) => type))]).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.reasoning_text.delta',
      'response.reasoning_text.done',
      'response.output_item.done',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.function_call_arguments.delta',
      'response.function_call_arguments.done',
      'response.completed',
    ])
    const whole = events.at(-1)?.['response']
    const done = events.filter(({ type }) => type === 'response.output_item.done').map(({ item }) => item)
    expect(whole.output).toEqual(done)
    expect(whole.output.map(({ id }: { id: string }) => id)).toEqual(
      events.filter(({ type }) => type === 'response.output_item.added').map(({ item }) => item.id),
    )
    expect(whole.output.at(-1).arguments).toBe(GIVEN)
  })

  it.each<[object, object]>([
    [{ tool_choice: 'required' }, { toolChoice: 'required' }],
    [{ tool_choice: { type: 'function', name: 'weather' } }, { toolChoice: { name: 'weather' } }],
    [{ tools: [], text: { format: { type: 'json_schema', name: 'x', schema: { type: 'integer' } } } }, { jsonSchema: { type: 'integer' } }],
    [{ reasoning: { effort: 'none' } }, { chatTemplateKwargs: { enable_thinking: false, reasoning_effort: 'none' } }],
  ])('%j', async (body, expected) => {
    const { post, engine } = testApp()
    expect((await post(PATH, { input: 'Hi', tools, ...body })).status).toBe(200)
    expect(engine.requests[0]).toMatchObject(expected)
  })

  it.each<[object, string]>([
    [{ input: [] }, 'input'],
    [{ previous_response_id: 'resp_1' }, 'previous_response_id'],
    [{ background: true }, 'background'],
    [{ tools: [{ type: 'web_search' }] }, 'tools'],
    [{ nonsense: 1 }, 'nonsense'],
  ])('%j is refused', async (body, param) => {
    const response = await testApp().post(PATH, { input: 'Hi', ...body })
    expect(response.status).toBe(400)
    expect(((await response.json()) as { error: { param: string } }).error.param).toContain(param)
  })
})
