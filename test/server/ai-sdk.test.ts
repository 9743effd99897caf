import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { generateText, Output, stepCountIs, streamText, tool } from 'ai'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createOuroboros } from '../../src/ai-sdk/index.ts'
import type { GenerateRequest } from '../../src/api/types.ts'
import { FakeEngine } from '../../src/testing/index.ts'
import { testServer } from './harness.ts'

/** Answers as a model of tools and JSON would. */
function answer({ tools, messages, jsonSchema, grammar }: GenerateRequest): string {
  if (jsonSchema !== undefined) return '{"name": "Ada", "age": 36}'
  if (tools && messages?.at(-1)?.role === 'tool') return `It is ${messages.at(-1)?.content} there.`
  if (tools || grammar) return '<tool_call>\n{"name": "weather", "arguments": {"city": "Rome"}}\n</tool_call>'
  return 'Hello there, wide world!'
}

/** Over HTTP by the OpenAI-compatible provider, and in this process. */
const providers = {
  'over HTTP': async () => {
    const { engine, url } = await testServer({ answer })
    const provider = createOpenAICompatible({
      name: 'ouroboros',
      baseURL: `${url}/v1`,
      supportsStructuredOutputs: true,
      includeUsage: true,
    })
    return { engine, model: provider('big') }
  },
  'in process': async () => {
    const engine = new FakeEngine({ answer })
    return { engine, model: createOuroboros({ engine })('big') }
  },
}

describe.each(Object.entries(providers))('the AI SDK %s', (_, open) => {
  it('a text, whole', async () => {
    const { model, engine } = await open()
    const { text, usage, finishReason } = await generateText({ model, prompt: 'Hi', temperature: 0.4, maxOutputTokens: 50, seed: 3 })
    expect({ text, finishReason }).toEqual({ text: 'Hello there, wide world!', finishReason: 'stop' })
    expect(usage).toMatchObject({ inputTokens: 1, outputTokens: 4 })
    expect(engine.requests[0]).toMatchObject({ temperature: 0.4, maxTokens: 50, seed: 3, messages: [{ role: 'user', content: 'Hi' }] })
  })

  it('a text, streamed', async () => {
    const { model } = await open()
    const { textStream, usage } = streamText({ model, system: 'Be kind.', prompt: 'Hi' })
    const parts: string[] = []
    for await (const part of textStream) parts.push(part)
    expect(parts).toEqual(['Hello there,', ' wide world!'])
    expect(await usage).toMatchObject({ outputTokens: 4 })
  })

  it('tools, called and answered over two steps, whole and streamed', async () => {
    const { model, engine } = await open()
    const weather = tool({
      description: 'The weather of a city',
      inputSchema: z.object({ city: z.string() }),
      execute: async ({ city }) => `sunny in ${city}`,
    })
    const options = { model, tools: { weather }, prompt: 'How is it in Rome?', stopWhen: stepCountIs(3) }
    const whole = await generateText(options)
    expect(whole.text).toBe('It is sunny in Rome there.')
    expect(whole.steps[0]?.toolCalls).toMatchObject([{ toolName: 'weather', input: { city: 'Rome' } }])
    expect(whole.steps[0]?.finishReason).toBe('tool-calls')
    expect(engine.requests[1]?.messages?.slice(-2)).toMatchObject([
      {
        role: 'assistant',
        toolCalls: [{ name: 'weather', arguments: expect.toSatisfy((given) => JSON.stringify(given).includes('Rome')) }],
      },
      { role: 'tool', content: 'sunny in Rome' },
    ])
    expect(await streamText(options).text).toBe('It is sunny in Rome there.')
    const forced = await generateText({ model, tools: { weather }, toolChoice: 'required', prompt: 'x' })
    expect(forced.toolCalls).toHaveLength(1)
    expect(engine.requests.at(-1)?.toolChoice).toBe('required')
  })

  it('an object by its schema, whole and streamed', async () => {
    const { model, engine } = await open()
    const options = { model, prompt: 'Invent a person', output: Output.object({ schema: z.object({ name: z.string(), age: z.number() }) }) }
    expect((await generateText(options)).output).toEqual({ name: 'Ada', age: 36 })
    expect(engine.requests[0]?.jsonSchema).toMatchObject({ type: 'object', required: ['name', 'age'] })
    expect(await streamText(options).output).toEqual({ name: 'Ada', age: 36 })
  })

  it('a call that is given up frees its slot; one that is refused rejects', async () => {
    const { model, engine } = await open()
    const controller = new AbortController()
    const { textStream } = streamText({ model, prompt: 'Hi', abortSignal: controller.signal })
    for await (const _ of textStream) controller.abort()
    for (let i = 0; i < 100 && engine.running > 0; i++) await new Promise((resolve) => setTimeout(resolve, 5))
    expect(engine.running).toBe(0)
    await expect(generateText({ model, prompt: 'x '.repeat(5000), maxRetries: 0 })).rejects.toThrow(/context/)
  })
})

describe('in process', () => {
  it('says how speculation went, and takes the engine’s own options', async () => {
    const engine = new FakeEngine()
    const { providerMetadata } = await generateText({
      model: createOuroboros({ engine, defaults: { topK: 5 } })('x'),
      prompt: 'Hi',
      providerOptions: { ouroboros: { method: 'lookahead', prediction: 'Hello' } },
    })
    expect(engine.requests[0]).toMatchObject({ method: 'lookahead', prediction: 'Hello', topK: 5 })
    expect(providerMetadata?.['ouroboros']).toMatchObject({ draft_n: 4, draft_n_accepted: 2, mean_acceptance_length: 2 })
  })
})
