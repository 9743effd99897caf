import Anthropic from '@anthropic-ai/sdk'
import { describe, expect, it } from 'vitest'
import { testServer } from './harness.ts'

const tools: Anthropic.Tool[] = [{ name: 'weather', input_schema: { type: 'object', properties: { city: { type: 'string' } } } }]
const ask = { model: 'big', max_tokens: 100, messages: [{ role: 'user' as const, content: 'Hi' }] }
const CALL = 'I look.\n<tool_call>\n{"name": "weather", "arguments": {"city": "Rome"}}\n</tool_call>'

async function client(answer?: string) {
  const { engine, url } = await testServer({ ...(answer !== undefined && { answer: () => answer }) }, { apiKeys: ['secret'] })
  return { engine, anthropic: new Anthropic({ baseURL: url, apiKey: 'secret', maxRetries: 0 }) }
}

describe('the Anthropic package', () => {
  it('a message, whole and streamed', async () => {
    const { anthropic } = await client()
    const message = await anthropic.messages.create(ask)
    expect(message.content).toEqual([{ type: 'text', text: 'Hello there, wide world!' }])
    expect(message.stop_reason).toBe('end_turn')
    const stream = anthropic.messages.stream(ask)
    const texts: string[] = []
    stream.on('text', (text) => texts.push(text))
    expect((await stream.finalMessage()).content).toMatchObject(message.content)
    expect(texts.length).toBeGreaterThan(1)
  })

  it('tools, whole and streamed, and their results', async () => {
    const { anthropic, engine } = await client(CALL)
    const whole = await anthropic.messages.create({ ...ask, tools })
    const call = { type: 'tool_use', name: 'weather', input: { city: 'Rome' } }
    expect(whole).toMatchObject({ stop_reason: 'tool_use', content: [{ type: 'text', text: 'I look.' }, call] })
    const streamed = await anthropic.messages.stream({ ...ask, tools }).finalMessage()
    expect(streamed.content).toMatchObject([{ type: 'text', text: 'I look.' }, call])
    const id = whole.content.find((block) => block.type === 'tool_use')?.id as string
    const results: Anthropic.MessageParam = { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content: 'sunny' }] }
    await anthropic.messages.create({ ...ask, tools, messages: [...ask.messages, { role: 'assistant', content: whole.content }, results] })
    expect(engine.requests.at(-1)?.messages?.slice(1)).toMatchObject([
      { role: 'assistant' },
      { role: 'tool', content: 'sunny', toolCallId: id },
    ])
  })

  it('refusals have its classes', async () => {
    const { anthropic } = await client()
    await expect(anthropic.messages.create({ ...ask, max_tokens: 0 })).rejects.toBeInstanceOf(Anthropic.BadRequestError)
    await expect(anthropic.messages.create({ ...ask, model: 'other' })).rejects.toBeInstanceOf(Anthropic.NotFoundError)
  })
})
