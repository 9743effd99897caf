import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { testServer } from './harness.ts'

const tools = [
  { type: 'function', function: { name: 'weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } } },
] satisfies OpenAI.Chat.Completions.ChatCompletionTool[]
const messages = [{ role: 'user', content: 'Hi' }] satisfies OpenAI.Chat.Completions.ChatCompletionMessageParam[]

async function client(answer?: string) {
  const { engine, url } = await testServer({ ...(answer !== undefined && { answer: () => answer }) }, { apiKeys: ['secret'] })
  const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'secret', maxRetries: 0 })
  return { engine, openai, url }
}

describe('the openai package', () => {
  it('a chat, whole: content, usage, request id', async () => {
    const { openai } = await client()
    const completion = await openai.chat.completions.create({ model: 'big', messages, prediction: { type: 'content', content: 'Hello' } })
    expect(completion.choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: 'Hello there, wide world!' } })
    expect(completion.usage).toMatchObject({ total_tokens: 5, completion_tokens_details: { accepted_prediction_tokens: 0 } })
    expect(completion._request_id).toMatch(/^[\w-]{36}$/)
  })

  it('a chat, streamed, with its own helper', async () => {
    const { openai } = await client()
    const stream = openai.chat.completions.stream({ model: 'big', messages, stream_options: { include_usage: true }, logprobs: true })
    const contents: string[] = []
    stream.on('content', (part) => contents.push(part))
    const final = await stream.finalChatCompletion()
    expect(contents).toEqual(['Hello there,', ' wide world!'])
    expect(final.choices[0]?.message.content).toBe('Hello there, wide world!')
    expect(final.usage?.completion_tokens).toBe(4)
    expect(final.choices[0]?.logprobs?.content).toHaveLength(4)
  })

  it('tools, whole and streamed', async () => {
    const { openai } = await client('<tool_call>\n{"name": "weather", "arguments": {"city": "Rome"}}\n</tool_call>')
    const whole = await openai.chat.completions.create({ model: 'big', messages, tools, tool_choice: 'auto' })
    expect(whole.choices[0]?.message.tool_calls).toMatchObject([{ function: { name: 'weather', arguments: '{"city": "Rome"}' } }])
    const streamed = await openai.chat.completions.stream({ model: 'big', messages, tools }).finalChatCompletion()
    expect(streamed.choices[0]).toMatchObject({ finish_reason: 'tool_calls', message: { tool_calls: [{ function: { name: 'weather' } }] } })
  })

  it('structured outputs', async () => {
    const { openai, engine } = await client('{"a": 1}')
    const schema = { type: 'object', properties: { a: { type: 'integer' } }, required: ['a'], additionalProperties: false }
    const parsed = await openai.chat.completions.parse({
      model: 'big',
      messages,
      response_format: { type: 'json_schema', json_schema: { name: 'x', strict: true, schema } },
    })
    expect(parsed.choices[0]?.message.content).toBe('{"a": 1}')
    expect(engine.requests[0]?.jsonSchema).toEqual(schema)
  })

  it('text completions, whole and streamed; models', async () => {
    const { openai } = await client()
    expect((await openai.completions.create({ model: 'big', prompt: 'x' })).choices[0]?.text).toBe('Hello there, wide world!')
    let text = ''
    for await (const chunk of await openai.completions.create({ model: 'big', prompt: 'x', stream: true }))
      text += chunk.choices[0]?.text ?? ''
    expect(text).toBe('Hello there, wide world!')
    expect((await openai.models.list()).data.map(({ id }) => id)).toEqual(['big'])
    expect((await openai.models.retrieve('big')).id).toBe('big')
  })

  it('errors are its own classes', async () => {
    const { openai, url } = await client()
    await expect(openai.chat.completions.create({ model: 'other', messages })).rejects.toBeInstanceOf(OpenAI.NotFoundError)
    await expect(openai.chat.completions.create({ model: 'big', messages, temperature: -1 })).rejects.toMatchObject({
      status: 400,
      param: 'temperature',
      type: 'invalid_request_error',
    })
    const stranger = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'wrong', maxRetries: 0 })
    await expect(stranger.models.list()).rejects.toBeInstanceOf(OpenAI.AuthenticationError)
    await expect(openai.embeddings.create({ model: 'big', input: 'x' })).rejects.toMatchObject({ code: 'unsupported_endpoint' })
  })

  it('a stream that is given up frees its slot', async () => {
    const { openai, engine } = await client('word '.repeat(500))
    const stream = await openai.chat.completions.create({ model: 'big', messages, stream: true })
    for await (const _ of stream) break
    for (let i = 0; i < 100 && engine.running > 0; i++) await new Promise((resolve) => setTimeout(resolve, 5))
    expect(engine.running).toBe(0)
  })
})

describe('the openai package, responses', () => {
  const CALL = 'I look.\n<tool_call>\n{"name": "weather", "arguments": {"city": "Rome"}}\n</tool_call>'
  const functions: OpenAI.Responses.FunctionTool[] = [{ type: 'function', name: 'weather', strict: null, parameters: { type: 'object' } }]

  it('a response, whole and streamed with its own helper', async () => {
    const { openai } = await client()
    expect((await openai.responses.create({ model: 'big', input: 'Hi' })).output_text).toBe('Hello there, wide world!')
    const stream = openai.responses.stream({ model: 'big', input: 'Hi' })
    const deltas: string[] = []
    stream.on('response.output_text.delta', ({ delta }) => deltas.push(delta))
    expect((await stream.finalResponse()).output_text).toBe('Hello there, wide world!')
    expect(deltas.length).toBeGreaterThan(1)
  })

  it('tools and schemas', async () => {
    const { openai } = await client(CALL)
    const call = { type: 'function_call', name: 'weather', arguments: '{"city": "Rome"}' }
    expect((await openai.responses.create({ model: 'big', input: 'Hi', tools: functions })).output.at(-1)).toMatchObject(call)
    const streamed = await openai.responses.stream({ model: 'big', input: 'Hi', tools: functions }).finalResponse()
    expect(streamed.output.at(-1)).toMatchObject(call)
    const object = await client('{"ok": true}')
    const format = { type: 'json_schema' as const, name: 'x', schema: { type: 'object', properties: { ok: { type: 'boolean' } } } }
    const parsed = await object.openai.responses.parse({ model: 'big', input: 'Hi', text: { format } })
    expect(parsed.output_parsed).toEqual({ ok: true })
  })
})
