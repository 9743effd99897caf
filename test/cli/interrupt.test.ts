import { expect, test } from 'vitest'
import { FakeWorld } from './fake-world.ts'

test('Ctrl-C ends the answer with what was written and its statistics', async () => {
  const world: FakeWorld = new FakeWorld({ beforeStep: (index) => (index === 1 ? world.interrupt() : undefined) })
  expect(await world.run(['run', 'hi'])).toBe(130)
  expect(world.out).toBe('Hello\n')
  expect(world.err).toContain('answer   1 tokens')
  expect(world.err).toContain('interrupted')
  expect(world.exits).toEqual([])
  expect(world.engine.disposed).toBe(true)
})

test('Ctrl-C under --json still gives one object', async () => {
  const world: FakeWorld = new FakeWorld({ beforeStep: (index) => (index === 1 ? world.interrupt() : undefined) })
  expect(await world.run(['run', 'hi', '--json'])).toBe(130)
  expect(JSON.parse(world.out)).toMatchObject({ text: 'Hello', finish_reason: 'abort' })
})

test('Ctrl-C twice ends the program', async () => {
  const world: FakeWorld = new FakeWorld({
    beforeStep: () => {
      world.interrupt()
      world.interrupt()
    },
  })
  await world.run(['run', 'hi'])
  expect(world.exits).toEqual([130])
})

test('Ctrl-C while loading gives up', async () => {
  const world = new FakeWorld()
  world.load = (options) =>
    new Promise((_, reject) => {
      options.signal?.addEventListener('abort', () => reject(new Error('aborted')))
      world.interrupt()
    })
  expect(await world.run(['run', 'hi'])).toBe(130)
  expect(world.err).toBe('')
})

test('Ctrl-C before the first token says so', async () => {
  const world: FakeWorld = new FakeWorld({ beforeStep: () => world.interrupt() })
  expect(await world.run(['run', 'hi'])).toBe(130)
  expect(world.err).toContain('interrupted before the first token\n')
})
