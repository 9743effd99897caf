import { expect, test } from 'vitest'
import { meanAcceptanceLength } from '../../src/index.ts'
import { COSTS, collect, METHODS, SEA, smallEngine } from './small-engine.ts'

const engine = smallEngine(COSTS)

test('facts say what was loaded', () => {
  expect(engine().facts).toMatchObject({
    library: expect.stringContaining('llama.cpp'),
    contextLength: 512,
    threads: 1,
    target: { file: expect.stringContaining('SmolLM2'), vocabSize: 49152, trainedContext: 8192 },
    draft: { vocabSize: 49152 },
  })
  expect(engine().facts.loadMs).toBeGreaterThan(0)
})

test.each(METHODS)('%s: steps, tokens and statistics are of one piece, and the text is plain decoding’s', async (method) => {
  const plain = await engine().generate({ ...SEA, method: 'vanilla' }).result
  const { tokens, text, result } = await collect(engine(), { ...SEA, method })
  expect(text).toBe(plain.text)
  expect(result).toMatchObject({ text, method, finishReason: plain.finishReason })
  expect(result.usage).toMatchObject({ promptTokens: plain.usage.promptTokens, completionTokens: tokens.length })
  expect(tokens.map((token) => token.text).join('')).toBe(text)
  expect(await engine().detokenize(tokens.map((token) => token.id))).toContain(text)
  for (const origin of ['target', 'draft', 'phrase'] as const)
    expect(tokens.filter((token) => token.origin === origin).length).toBe(result.statistics.tokensByOrigin[origin])
  expect(meanAcceptanceLength(result.statistics) * result.statistics.steps).toBeCloseTo(tokens.length)
})

test('times: the engine’s share is inside the whole', async () => {
  const { timings } = await engine().generate({ prompt: 'Once upon a time', maxTokens: 16 }).result
  expect(timings.promptMs).toBeGreaterThan(0)
  expect(timings.predictedMs).toBeGreaterThan(0)
  expect(timings.engineMs).toBeGreaterThan(0)
  expect(timings.engineMs).toBeLessThanOrEqual(timings.promptMs + timings.predictedMs)
})

test.each(METHODS)('%s: the same seed gives the same text, another seed another', async (method) => {
  const request = { ...SEA, maxTokens: 24, temperature: 0.8, topP: 0.95, seed: 7 }
  const plain = await engine().generate({ ...request, method: 'vanilla' }).result
  expect((await engine().generate({ ...request, method }).result).text).toBe(plain.text)
  expect((await engine().generate({ ...request, method, seed: 8 }).result).text).not.toBe(plain.text)
})

test('maxTokens ends with length, an end token with stop', async () => {
  const short = await engine().generate({ ...SEA, maxTokens: 3 }).result
  expect(short).toMatchObject({ finishReason: 'length', usage: { completionTokens: 3 } })
  const whole = await engine().generate({ ...SEA, maxTokens: 200 }).result
  expect(whole.finishReason).toBe('stop')
  expect(whole.text).not.toContain('<|im_end|>')
})

test('maxTokens -1 goes on to the end of the context, and not a token further, with every method', async () => {
  const request = { prompt: 'word '.repeat(480), maxTokens: -1, logitBias: { 2: -100, 0: -100 } }
  for (const method of METHODS) {
    const { usage, finishReason } = await engine().generate({ ...request, method }).result
    expect(finishReason).toBe('length')
    expect(usage.promptTokens + usage.completionTokens, method).toBe(engine().facts.contextLength)
  }
})

test('stop strings, whatever token borders they cross', async () => {
  const { text: plain } = await engine().generate(SEA).result
  for (let start = 1; start < 30; start += 7) {
    const stop = plain.slice(start, start + 5)
    const expected = plain.slice(0, plain.indexOf(stop))
    const { text, result } = await collect(engine(), { ...SEA, stop: ['never this', stop] })
    expect(text, JSON.stringify(stop)).toBe(expected)
    expect(result).toMatchObject({ text: expected, finishReason: 'stop' })
  }
})

test('a held-back beginning of a stop string is given out at the end', async () => {
  const { text: plain } = await engine().generate({ ...SEA, maxTokens: 8 }).result
  const { text } = await collect(engine(), { ...SEA, maxTokens: 8, stop: `${plain.slice(-4)} and never this` })
  expect(text).toBe(plain)
})

test('log-probabilities come from the target’s own row', async () => {
  const { tokens } = await collect(engine(), { ...SEA, maxTokens: 8, logprobs: 3 })
  for (const { id, logprob, topLogprobs } of tokens) {
    expect(topLogprobs?.length).toBe(3)
    expect(topLogprobs?.[0]).toMatchObject({ id, logprob })
    const chances = topLogprobs?.map((one) => Math.exp(one.logprob)) ?? []
    expect(chances).toEqual([...chances].sort((a, b) => b - a))
    expect(chances.reduce((sum, one) => sum + one)).toBeLessThanOrEqual(1.0001)
  }
  const bare = await collect(engine(), { ...SEA, maxTokens: 2, logprobs: 0, temperature: 1, seed: 3 })
  for (const token of bare.tokens) {
    expect(token.logprob).toBeLessThanOrEqual(0)
    expect(token).not.toHaveProperty('topLogprobs')
  }
})

test('the next turn of a conversation reuses the cache', async () => {
  const first = await engine().generate(SEA).result
  const messages = [
    ...(SEA.messages ?? []),
    { role: 'assistant', content: first.text } as const,
    { role: 'user', content: 'And the moon?' } as const,
  ]
  const second = await engine().generate({ messages, maxTokens: 4 }).result
  expect(second.usage.cachedTokens).toBeGreaterThan(first.usage.promptTokens)
  expect(second.usage.promptTokens).toBeGreaterThan(second.usage.cachedTokens)
  const other = await engine().generate({ prompt: 'Completely different', maxTokens: 1 }).result
  expect(other.usage.cachedTokens).toBe(0)
})

test('a prompt can be read anew, to the same answer', async () => {
  const first = await engine().generate(SEA).result
  const anew = await engine().generate({ ...SEA, maxCachedTokens: 0 }).result
  expect(anew.usage.cachedTokens).toBe(0)
  expect(anew.text).toBe(first.text)
  const part = await engine().generate({ ...SEA, maxCachedTokens: 3 }).result
  expect(part.usage.cachedTokens).toBe(3)
  const wrong = { ...SEA, maxCachedTokens: -1 }
  expect(() => engine().generate(wrong)).toThrow(expect.objectContaining({ code: 'E_USAGE' }))
})

test('tokenize and detokenize', async () => {
  const tokens = await engine().tokenize('Hello, 世界 🦩')
  expect(tokens.length).toBeGreaterThan(3)
  expect(await engine().detokenize(tokens)).toBe('Hello, 世界 🦩')
  await expect(engine().detokenize([10 ** 6])).rejects.toThrow('1000000')
})
