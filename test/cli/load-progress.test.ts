import { expect, test } from 'vitest'
import { LoadProgress } from '../../src/cli/commands/load-progress.ts'
import { FakeWorld } from './fake-world.ts'

test('off a terminal: a line per file loaded, a line per tenth pulled', () => {
  const world = new FakeWorld()
  const progress = new LoadProgress(world.terminal)
  for (const fraction of [0, 0.04, 0.11, 0.12, 1]) progress.show({ phase: 'pull', file: '/models/a.gguf', fraction })
  for (const fraction of [0, 0.5, 1]) progress.show({ phase: 'load', file: '/models/a.gguf', fraction })
  progress.end()
  expect(world.err).toBe('pulling a.gguf 0%\npulling a.gguf 10%\npulling a.gguf 100%\nloading a.gguf\n')
})

test('on a terminal: a bar that is removed', () => {
  const world = new FakeWorld()
  Object.assign(world.stderr, { isTTY: true, columns: 80, cursorTo: () => true, clearLine: () => true, moveCursor: () => true })
  const progress = new LoadProgress(world.terminal)
  progress.show({ phase: 'load', file: '/models/a.gguf', fraction: 0.25 })
  progress.end()
  expect(world.err).toContain('loading a.gguf')
  expect(world.err).toContain('25%')
})
