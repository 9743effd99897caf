import { expect, test } from 'vitest'
import type { GenerateRequest } from '../../src/index.ts'
import { COSTS, collect, METHODS, smallEngine } from './small-engine.ts'

const engine = smallEngine({ ...COSTS, sessions: 4 })

const QUESTIONS = [
  'Name a color.',
  'What is rain?',
  'Count from one to twenty.',
  'Write a sentence about dogs.',
  'Say hello.',
  'What is 2+2?',
]
const requests: GenerateRequest[] = QUESTIONS.map((content) => ({ messages: [{ role: 'user', content }], maxTokens: 24 }))

test.each(METHODS)('%s: six requests on four slots get the texts of plain decoding', async (method) => {
  const plain: Awaited<ReturnType<typeof collect>>[] = []
  for (const request of requests) plain.push(await collect(engine(), { ...request, method: 'vanilla' }))
  const together = await Promise.all(requests.map((request) => collect(engine(), { ...request, method })))
  expect(together.map((one) => one.text)).toEqual(plain.map((one) => one.text))
  for (const { text, tokens, result } of together) {
    expect(tokens.map((token) => token.text).join('')).toBe(text)
    expect(result.usage.completionTokens).toBe(tokens.length)
  }
})

test('a new request is answered while a long one runs', async () => {
  const long = engine().generate({ prompt: 'one two three', maxTokens: 400, logitBias: { 2: -100, 0: -100 } })
  for await (const _ of long) break // begun; leaving the loop aborts it
  const running = engine().generate({ prompt: 'one two three', maxTokens: 400, logitBias: { 2: -100, 0: -100 } })
  await running.started
  const quick = await engine().generate({ prompt: 'Hi', maxTokens: 2 }).result
  expect(quick.usage.completionTokens).toBe(2)
  const steps = running[Symbol.asyncIterator]()
  await steps.next()
  await steps.return?.(undefined)
  expect(await running.result).toMatchObject({ finishReason: 'abort' })
})

test('what conversations have in common is read once', async () => {
  const system = { role: 'system', content: 'You answer in rhymes and always mention the sea. '.repeat(6) } as const
  const ask = (content: string) => engine().generate({ messages: [system, { role: 'user', content }], maxTokens: 4 }).result
  const first = await ask('Who are you?')
  const others = await Promise.all([ask('What is a boat?'), ask('Where do fish live?')])
  for (const { usage } of others) expect(usage.cachedTokens).toBeGreaterThan(60)
  expect(first.usage.promptTokens).toBeGreaterThan(60)
})

test('started says how long the prompt is; a prompt as tokens; what is wrong rejects', async () => {
  const tokens = await engine().tokenize('The capital of France is')
  const generation = engine().generate({ promptTokens: tokens, maxTokens: 3 })
  expect(await generation.started).toMatchObject({ promptTokens: tokens.length })
  expect((await generation.result).usage.completionTokens).toBe(3)
  const wrong = engine().generate({ promptTokens: [99_999_999] })
  await expect(wrong.started).rejects.toThrow(expect.objectContaining({ code: 'E_USAGE', message: expect.stringContaining('99999999') }))
  expect(await engine().generate({ prompt: 'x', signal: AbortSignal.abort() }).started).toBeUndefined()
})
