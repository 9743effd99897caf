import { expect, test } from 'vitest'
import type { GenerationStep } from '../../src/api/types.ts'
import { LiveText } from '../../src/cli/views/live-text.ts'
import { Pace } from '../../src/cli/views/pace.ts'
import { FakeWorld } from './fake-world.ts'

const step = (...words: string[]): GenerationStep => ({
  text: words.join(''),
  tokens: words.map((text, id) => ({ id, text, origin: id === 0 ? 'target' : 'draft' })),
})

test('the pace counts from the first step on', () => {
  let now = 5
  const pace = new Pace(() => now)
  pace.add(3)
  expect(`${pace}`).toBe('3 tokens, 3.00 per step')
  now += 500
  pace.add(5)
  expect(`${pace}`).toBe('8 tokens, 10.0 tok/s, 4.00 per step')
  expect(new Pace().perSecond).toBe(0)
})

test('off a terminal there is the text alone', () => {
  const world = new FakeWorld()
  const live = new LiveText(world.terminal, false)
  live.step(step('Hello', ' world'))
  live.end()
  expect([world.out, world.err]).toEqual(['Hello world', ''])
})

test('on a terminal a line below the text, removed before more text and at the end, not wider than the screen', () => {
  const world = new FakeWorld()
  for (const stream of [world.stdout, world.stderr]) Object.assign(stream, { isTTY: true, columns: 24 })
  world.env.NO_COLOR = '1'
  const live = new LiveText(world.terminal, false, () => ', and so on and so forth')
  live.step(step('Hello'))
  live.step(step(' wide', ' world'))
  live.end()
  live.end()
  expect(world.out).toBe('Hello wide world')
  const lines = world.err.split('\u001b[J')
  expect(lines).toHaveLength(3)
  expect(lines.at(-1)).toBe('')
  for (const line of lines.slice(0, -1)) {
    const [, shown = ''] = line.split('\r')
    expect(line.endsWith('\u001b8')).toBe(true)
    expect(shown.replace('\u001b8', '').length).toBeLessThanOrEqual(23)
  }
})

test('a terminal that knows no cursor has no line', () => {
  const world = new FakeWorld()
  for (const stream of [world.stdout, world.stderr]) Object.assign(stream, { isTTY: true })
  world.env.TERM = 'dumb'
  new LiveText(world.terminal, false).step(step('Hello'))
  expect(world.err).toBe('')
})
