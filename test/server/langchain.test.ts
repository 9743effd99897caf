import { HumanMessage, type ToolMessage } from '@langchain/core/messages'
import { tool } from '@langchain/core/tools'
import { ChatOpenAI } from '@langchain/openai'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { GenerateRequest } from '../../src/api/types.ts'
import { testServer } from './harness.ts'

const weather = tool(async ({ city }) => `sunny in ${city}`, {
  name: 'weather',
  description: 'The weather of a city',
  schema: z.object({ city: z.string() }),
})

function answer({ tools, jsonSchema, messages = [] }: GenerateRequest): string {
  if (jsonSchema) return '{"name": "Ann", "age": 42}'
  if (messages.at(-1)?.role === 'tool') return `It is ${messages.at(-1)?.content} now.`
  return tools ? 'I look.\n<tool_call>\n{"name": "weather", "arguments": {"city": "Rome"}}\n</tool_call>' : 'Hello there, wide world!'
}

async function client(useResponsesApi: boolean) {
  const { engine, url } = await testServer({ answer }, { apiKeys: ['secret'] })
  const model = new ChatOpenAI({ model: 'big', apiKey: 'secret', maxRetries: 0, useResponsesApi, configuration: { baseURL: `${url}/v1` } })
  return { engine, model }
}

describe.each([false, true])('LangChain, responses: %s', (useResponsesApi) => {
  it('a chat, whole, with its usage', async () => {
    const { model, engine } = await client(useResponsesApi)
    const message = await model.invoke([['system', 'Be brief.'], new HumanMessage('Hi')])
    expect(message.text).toBe('Hello there, wide world!')
    expect(message.usage_metadata).toMatchObject({ input_tokens: 3, output_tokens: 4, total_tokens: 7 })
    expect(engine.requests[0]?.messages?.map(({ role }) => role)).toEqual(['system', 'user'])
  })

  it('a chat, streamed', async () => {
    const { model } = await client(useResponsesApi)
    const parts: string[] = []
    for await (const chunk of await model.stream('Hi')) parts.push(chunk.text)
    expect(parts.join('')).toBe('Hello there, wide world!')
    expect(parts.filter(Boolean).length).toBeGreaterThan(1)
  })

  it('a tool, called and answered; the call streamed', async () => {
    const { model, engine } = await client(useResponsesApi)
    const withTools = model.bindTools([weather])
    const first = await withTools.invoke('How is it in Rome?')
    expect(first.tool_calls).toMatchObject([{ name: 'weather', args: { city: 'Rome' } }])
    const call = first.tool_calls?.[0] as NonNullable<typeof first.tool_calls>[number]
    const result = (await weather.invoke({ ...call, type: 'tool_call' })) as ToolMessage
    const last = await withTools.invoke([new HumanMessage('How is it in Rome?'), first, result])
    expect(last.text).toBe('It is sunny in Rome now.')
    expect(engine.requests[1]?.messages?.slice(1)).toMatchObject([
      { role: 'assistant', content: 'I look.', toolCalls: [{ name: 'weather' }] },
      { role: 'tool', content: 'sunny in Rome' },
    ])
    const streamed = await withTools.stream('How is it in Rome?')
    let whole: Awaited<ReturnType<typeof streamed.next>>['value'] | undefined
    for await (const chunk of streamed) whole = whole === undefined ? chunk : whole.concat(chunk)
    expect(whole?.tool_calls).toMatchObject([{ name: 'weather', args: { city: 'Rome' } }])
  })

  it('an object by its schema', async () => {
    const { model, engine } = await client(useResponsesApi)
    const schema = z.object({ name: z.string(), age: z.number() })
    expect(await model.withStructuredOutput(schema, { name: 'person', method: 'jsonSchema' }).invoke('Who?')).toEqual({
      name: 'Ann',
      age: 42,
    })
    expect(engine.requests[0]?.jsonSchema).toMatchObject({ type: 'object', required: ['name', 'age'] })
  })
})
