import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { OuroborosError } from '../../src/core/errors.ts'
import { type FakeOptions, FakeWorld, TEXT } from './fake-world.ts'

/** Types keys into a chat, each after the prompt for it has appeared; returns the exit code. */
async function converse(world: FakeWorld, keys: readonly string[], flags: readonly string[] = []): Promise<number> {
  Object.assign(world.stdin, { isTTY: true, setRawMode: () => world.stdin })
  world.stdout.isTTY = true
  const code = world.run(['run', ...flags])
  let prompts = 0
  for (const key of keys) {
    prompts++
    while (world.out.split('> ').length <= prompts) await sleep(2)
    world.stdin.write(key)
    // Waits until the reader has let go of the line.
    await sleep(60)
  }
  return await code
}

test('a known name in the place of the prompt is the model to chat with', async () => {
  const world = new FakeWorld()
  expect(await converse(world, ['hi\r', '/exit\r'], ['qwen3-8b'])).toBe(0)
  expect(world.loaded).toMatchObject({ target: 'qwen3-8b' })
  expect(world.engine.requests.map((request) => request.messages?.map(({ content }) => content))).toEqual([['hi']])
})

test('two turns carry the conversation, /exit leaves', async () => {
  const world = new FakeWorld()
  expect(await converse(world, ['one\r', 'two\r', '/exit\r'], ['--system', 'Be brief'])).toBe(0)
  expect(world.engine.requests.map((request) => request.messages?.map(({ content }) => content))).toEqual([
    ['Be brief', 'one'],
    ['Be brief', 'one', TEXT, 'two'],
  ])
  expect(world.engine.disposed).toBe(true)
})

test('/reset forgets, /stats and /help show, unknown commands are refused', async () => {
  const world = new FakeWorld()
  await converse(world, ['/stats\r', 'one\r', '/stats\r', '/reset\r', 'two\r', '/help\r', '/nope\r', '/exit\r'])
  expect(world.engine.requests[1]?.messages).toEqual([{ role: 'user', content: 'two' }])
  for (const said of ['no answer yet', '4 tokens in', 'conversation forgotten', '/reset   forget', 'no such command: /nope'])
    expect(world.err).toContain(said)
})

test('pasted lines are one message', async () => {
  const world = new FakeWorld()
  await converse(world, ['def f():\r  pass\r', '/exit\r'])
  expect(world.engine.requests[0]?.messages?.[0]?.content).toBe('def f():\n  pass')
})

test('arrow up recalls the last message', async () => {
  const world = new FakeWorld()
  await converse(world, ['one\r', '\u001b[A!\r', '/exit\r'])
  expect(world.engine.requests[1]?.messages?.at(-1)?.content).toBe('one!')
})

test('Ctrl-D leaves; Ctrl-C at the prompt leaves at the second time', async () => {
  const world = new FakeWorld()
  expect(await converse(world, ['\u0004'])).toBe(0)
  const other = new FakeWorld()
  expect(await converse(other, ['\u0003', '\u0003'])).toBe(130)
  expect(other.err).toContain('Ctrl-C again leaves')
  expect(other.engine.disposed).toBe(true)
})

test('Ctrl-C keeps the part of the answer and goes on', async () => {
  let interrupted = false
  const options: FakeOptions = {
    beforeStep: (index) => {
      if (index !== 1 || interrupted) return
      interrupted = true
      world.interrupt()
    },
  }
  const world: FakeWorld = new FakeWorld(options)
  await converse(world, ['one\r', 'two\r', '/exit\r'])
  expect(world.engine.requests[1]?.messages?.map(({ content }) => content)).toEqual(['one', 'Hello', 'two'])
  expect(world.err).toContain('interrupted')
})

test('a full context is a line, and the chat goes on', async () => {
  const world = new FakeWorld({
    beforeStep: () => {
      throw new OuroborosError('E_CONTEXT', 'the prompt does not fit')
    },
  })
  expect(await converse(world, ['one\r', '/exit\r'])).toBe(0)
  expect(world.err).toContain('the prompt does not fit; /reset makes room')
})

test('a chat needs a terminal', async () => {
  const world = new FakeWorld()
  world.stdin.isTTY = true
  expect(await world.run(['run'])).toBe(2)
  expect(world.err).toContain('no prompt')
})
