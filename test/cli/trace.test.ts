import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { FakeWorld } from './fake-world.ts'

const folder = mkdtempSync(join(tmpdir(), 'ouroboros-trace-'))
afterAll(() => rmSync(folder, { recursive: true }))
const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}
const START = JSON.stringify({ type: 'start', version: 1, target: 'big.gguf', draft: 'small.gguf', method: 'ouroboros', prompt: 'hi' })
const STEP = JSON.stringify({
  type: 'step',
  step: 1,
  before: 3,
  draftPasses: 2,
  tree: [
    { parent: -1, token: 1, text: 'Hello', origin: 'draft', chance: 0.9 },
    { parent: 0, token: 2, text: ' world', origin: 'draft', chance: 0.5 },
    { parent: 0, token: 3, text: ' there', origin: 'phrase', source: 'history', chance: 0.4 },
    { parent: 1, token: 4, text: '!', origin: 'draft', chance: 0.4 },
  ],
  accepted: [0, 2],
  learned: [
    { key: ' a', phrase: ' b', source: 'prompt' },
    { key: 'x a', phrase: ' b', source: 'prompt' },
    { key: ' world', phrase: '.', source: 'verification' },
  ],
  pool: { size: 7, lookups: 4, hits: 2 },
  emitted: [
    { text: 'Hello', origin: 'draft' },
    { text: ' there', origin: 'phrase', source: 'history' },
    { text: '?', origin: 'target' },
  ],
})

test('run --trace writes start and end; the end has the statistics', async () => {
  const world = new FakeWorld()
  const path = join(folder, 'run.jsonl')
  expect(await world.run(['run', 'hi', '--trace', path])).toBe(0)
  const lines = readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(lines[0]).toMatchObject({ type: 'start', target: 'big.gguf', method: 'ouroboros', prompt: 'hi' })
  expect(lines.at(-1)).toMatchObject({ type: 'end', finish: 'stop', statistics: { steps: expect.any(Number) } })
  expect(world.engine.requests[0]).toMatchObject({ trace: true })
})

test('trace shows the tree, what was accepted, and what was learned', async () => {
  const world = new FakeWorld()
  expect(await world.run(['trace', file('good.jsonl', `${START}\n${STEP}\n{"type":"st`)])).toBe(0)
  expect(world.out).toContain('step 1 at token 3: 2 draft passes, 4 proposed, 2 accepted')
  const tree = world.out.slice(world.out.indexOf('  + "Hello"'), world.out.indexOf('  emitted'))
  expect(tree).toBe(
    ['  + "Hello"  draft 90%', '  x |- " world"  draft 50%', '  . |  "!"  draft 40%', '  + `- " there"  history 40%', ''].join('\n'),
  )
  expect(world.out.match(/learned.*/g)).toEqual(['learned  " world" -> "."  (verification)', 'learned  "x a" -> " b"  (prompt)'])
  expect(world.out).toContain('7 phrases, 2 of 4 look-ups found some')
})

test.each([
  ['no.jsonl', undefined, /^ouroboros: cannot read .*no\.jsonl/],
  ['text.jsonl', 'hello\n', /text\.jsonl is not a trace: line 1/],
  ['step.jsonl', STEP, /step\.jsonl is not a trace: it does not begin with a start line/],
  ['middle.jsonl', `${START}\nbroken\n${STEP}\n`, /middle\.jsonl is not a trace: line 2/],
])('refuses %s', async (name, text, message) => {
  const world = new FakeWorld()
  const path = text === undefined ? join(folder, name) : file(name, text)
  expect(await world.run(['trace', path])).toBe(1)
  expect(world.err).toMatch(message)
})

test('refuses a trace that it cannot write, and one of two answers', async () => {
  const world = new FakeWorld()
  expect(await world.run(['run', 'hi', '--trace', join(folder, 'none', 'x')])).toBe(1)
  expect(world.err).toContain('cannot write the trace')
  const second = new FakeWorld()
  expect(await second.run(['run', 'hi', '--compare', '--trace', join(folder, 'x')])).toBe(2)
  expect(second.err).toContain('leave out --compare')
})
