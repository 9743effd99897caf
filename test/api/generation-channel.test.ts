import { expect, test, vi } from 'vitest'
import { abortedResult } from '../../src/api/aborted-result.ts'
import { GenerationChannel } from '../../src/api/generation-channel.ts'

const step = (text: string) => ({ text, tokens: [] })
const result = { ...abortedResult('vanilla'), finishReason: 'stop' as const }

async function read(channel: GenerationChannel): Promise<string[]> {
  const texts: string[] = []
  for await (const one of channel) texts.push(one.text)
  return texts
}

test('steps come in order, those from before the reader too', async () => {
  const abort = vi.fn()
  const channel = new GenerationChannel(abort, undefined)
  channel.push(step('a'))
  const reading = read(channel)
  await Promise.resolve()
  channel.push(step('b'))
  channel.push(step('c'))
  channel.finish(result)
  expect(await reading).toEqual(['a', 'b', 'c'])
  expect(await channel.result).toBe(result)
  expect(abort).not.toHaveBeenCalled()
})

test('leaving the loop aborts once; leaving it after the end does not', async () => {
  const abort = vi.fn()
  const channel = new GenerationChannel(abort, undefined)
  channel.push(step('a'))
  for await (const _ of channel) break
  expect(abort).toHaveBeenCalledTimes(1)
  channel.push(step('b'))
  channel.finish(result)
  for await (const _ of channel) break
  expect(abort).toHaveBeenCalledTimes(1)
})

test('an error rejects the reader, behind the steps that came before it, and the result', async () => {
  const channel = new GenerationChannel(() => {}, undefined)
  channel.push(step('a'))
  channel.fail(new Error('broken'))
  const texts: string[] = []
  await expect(async () => {
    for await (const one of channel) texts.push(one.text)
  }).rejects.toThrow('broken')
  expect(texts).toEqual(['a'])
  await expect(channel.result).rejects.toThrow('broken')
})

test('an error that nobody reads is not an unhandled rejection', async () => {
  const unhandled = vi.fn()
  process.on('unhandledRejection', unhandled)
  const channel = new GenerationChannel(() => {}, undefined)
  channel.fail(new Error('broken'))
  await new Promise((resolve) => setTimeout(resolve, 10))
  process.off('unhandledRejection', unhandled)
  expect(unhandled).not.toHaveBeenCalled()
})

test('the signal is listened to until the end', () => {
  const abort = vi.fn()
  const early = new AbortController()
  new GenerationChannel(abort, early.signal)
  early.abort()
  expect(abort).toHaveBeenCalledTimes(1)
  const late = new AbortController()
  new GenerationChannel(abort, late.signal).finish(result)
  late.abort()
  expect(abort).toHaveBeenCalledTimes(1)
})

test('two readers share the steps and both end', async () => {
  const channel = new GenerationChannel(() => {}, undefined)
  const readers = [read(channel), read(channel)]
  await Promise.resolve()
  for (const text of 'abc') channel.push(step(text))
  channel.finish(result)
  expect((await Promise.all(readers)).flat().sort()).toEqual(['a', 'b', 'c'])
})
