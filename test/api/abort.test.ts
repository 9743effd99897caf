import { setTimeout } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { COSTS, collect, METHODS, SEA, smallEngine } from './small-engine.ts'

const engine = smallEngine(COSTS)
const LONG = { ...SEA, maxTokens: 300, logitBias: { 2: -100 } }

test.each(METHODS)('%s: aborted on the way, what was written is kept', async (method) => {
  const controller = new AbortController()
  const generation = engine().generate({ ...LONG, method, signal: controller.signal })
  let text = ''
  let steps = 0
  for await (const step of generation) {
    text += step.text
    if (++steps === 3) controller.abort()
  }
  const result = await generation.result
  expect(result).toMatchObject({ text, finishReason: 'abort' })
  expect(result.usage.completionTokens).toBeLessThan(300)
  // The caches are as good as before.
  const { text: plain } = await engine().generate({ ...LONG, method: 'vanilla', maxTokens: 40 }).result
  const again = await engine().generate({ ...LONG, method, maxTokens: 40 }).result
  expect(again.text).toBe(plain)
  expect(plain.startsWith(text) || text.startsWith(plain)).toBe(true)
})

test('a signal that is aborted already: nothing is run', async () => {
  const { steps, result } = await collect(engine(), { ...SEA, signal: AbortSignal.abort() })
  expect(steps).toEqual([])
  expect(result).toMatchObject({ text: '', finishReason: 'abort', usage: { completionTokens: 0 } })
})

test('aborted inside a long prompt', async () => {
  const controller = new AbortController()
  const { result } = engine().generate({ prompt: 'one two '.repeat(240), signal: controller.signal })
  await setTimeout(5)
  controller.abort()
  expect(await result).toMatchObject({ text: '', finishReason: 'abort', usage: { completionTokens: 0 } })
})

test('leaving the loop aborts', async () => {
  const generation = engine().generate(LONG)
  for await (const step of generation) if (step.tokens.length > 0) break
  expect(await generation.result).toMatchObject({ finishReason: 'abort' })
})

test('an error in the loop aborts', async () => {
  const generation = engine().generate(LONG)
  await expect(async () => {
    for await (const step of generation) throw new Error(`my own, at ${step.tokens.length}`)
  }).rejects.toThrow('my own')
  expect(await generation.result).toMatchObject({ finishReason: 'abort' })
})

test('two generations at once are answered in order, each as if alone', async () => {
  const [sea, france] = [SEA, { prompt: 'The capital of France is', maxTokens: 12 }]
  const alone = [await collect(engine(), sea), await collect(engine(), france)]
  const order: number[] = []
  const both = await Promise.all(
    [sea, france].map(async (request, i) => {
      const done = await collect(engine(), request)
      order.push(i)
      return done
    }),
  )
  expect(both.map((one) => one.text)).toEqual(alone.map((one) => one.text))
  expect(order).toEqual([0, 1])
})

test('an aborted queued generation ends at once, the others are not disturbed', async () => {
  const first = engine().generate(LONG)
  const controller = new AbortController()
  const second = engine().generate({ ...SEA, signal: controller.signal })
  const third = engine().generate({ ...SEA, maxTokens: 4 })
  const firstDone = vi.fn()
  void first.result.then(firstDone)
  controller.abort()
  expect(await second.result).toMatchObject({ finishReason: 'abort', text: '', usage: { completionTokens: 0 } })
  expect(firstDone).not.toHaveBeenCalled()
  for await (const _ of first) break
  expect((await third.result).usage.completionTokens).toBe(4)
})

test('an error rejects both the loop and the result; reading only one of them is enough', async () => {
  const unhandled = vi.fn()
  process.on('unhandledRejection', unhandled)
  const tooLong = { prompt: 'word '.repeat(600) }
  const inContext = expect.objectContaining({ code: 'E_CONTEXT', message: expect.stringMatching(/60\d tokens.* 512/) })
  await expect(collect(engine(), tooLong)).rejects.toThrow(inContext)
  await expect(engine().generate(tooLong).result).rejects.toThrow(inContext)
  await setTimeout(20)
  process.off('unhandledRejection', unhandled)
  expect(unhandled).not.toHaveBeenCalled()
})

test('wrong requests are refused before they are queued', () => {
  expect(() => engine().generate({ prompt: 'x', temperature: -1 })).toThrow(expect.objectContaining({ code: 'E_USAGE' }))
  expect(() => engine().generate({ prompt: '' })).toThrow(expect.objectContaining({ code: 'E_PROMPT' }))
})
