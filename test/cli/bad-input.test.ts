import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { OuroborosError } from '../../src/core/errors.ts'
import { FakeWorld } from './fake-world.ts'

/** Command line, and what the one line on standard error must say: what was received, what is allowed. */
const USAGE: [string[], RegExp][] = [
  [['run', 'hi', '--temp', '-1'], /'-1'.*from 0/],
  [['run', 'hi', '--temp', 'warm'], /'warm'.*a number/],
  [['run', 'hi', '--temp', 'Infinity'], /'Infinity'.*a number/],
  [['run', 'hi', '--spec-draft-n-max', '0'], /'0'.*from 1/],
  [['run', 'hi', '--draft-max', '0'], /'0'.*from 1/],
  [['run', 'hi', '-n', '0'], /'0'.*from 1.*-1/],
  [['run', 'hi', '-n', '1.5'], /'1.5'.*integer/],
  [['run', 'hi', '-n', ''], /''.*integer/],
  [['run', 'hi', '-t', '0'], /'0'.*from 1/],
  [['run', 'hi', '-c', '-5'], /'-5'.*from/],
  [['run', 'hi', '--top-p', '1.1'], /'1.1'.*0.001 to 1/],
  [['run', 'hi', '--top-k', '-1'], /'-1'.*from 0/],
  [['run', 'hi', '--seed', 'x'], /'x'.*integer/],
  [['run', 'hi', '--logprobs', '21', '--json'], /'21'.*0 to 20/],
  [['run', 'hi', '--logprobs', '1'], /--json/],
  [['run', 'hi', '--logit-bias', 'word+1'], /'word\+1'.*token id/],
  [['run', 'hi', '--logit-bias', '5+101'], /'5\+101'.*up to 100/],
  [['run', 'hi', '--stop', ''], /not empty/],
  [['run', 'hi', '--spec-type', 'medusa'], /'medusa'.*vanilla.*ouroboros/],
  [['run', 'hi', '--spec-type', 'speculative', '--no-draft'], /draft model/],
  [['run', 'hi', '-md', 'x.gguf', '--no-draft'], /--spec-draft-model.*--no-draft/],
  [['run', 'hi', '--preset', 'paper', '--temp', '1'], /greedy/],
  [['run', 'hi', '--compare', '--spec-type', 'vanilla'], /vanilla/],
  [['run', 'hi', '--raw', '--system', 'x'], /--raw/],
  [['run', 'hi', '--color=red'], /'red'.*always/],
  [['run', 'hi', '-fa', 'off', '-ctk', 'q3'], /'q3'.*q8_0/],
  [['run', 'hi', '-ngl', 'most'], /'most'.*all/],
  [['run', 'hi', '--nonsense'], /--nonsense/],
  [['run', 'hi', '--tmp', '1'], /--tmp.*--temp/],
  [['run', 'hi', '-np', '2'], /--parallel/],
  [['run', 'hi', '-m'], /model/],
  [['run', 'hi', 'there'], /too many|expected 1/i],
  [['rum', 'hi'], /rum.*run/],
  [['--nonsense'], /--nonsense/],
]

test.each(USAGE)('%j is a usage error', async (argv, says) => {
  const world = new FakeWorld()
  expect(await world.run(argv)).toBe(2)
  expect(world.out).toBe('')
  const lines = world.err
    .trimEnd()
    .split('\n')
    .filter((line) => !line.startsWith('warning:'))
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatch(/^ouroboros: /)
  expect(lines[0]).toMatch(says)
  expect(world.loaded).toBeUndefined()
})

test.each([[['run', '']], [['run', ' \n ']], [['run', '--raw', '']]])('%j: an empty prompt is refused before loading', async (argv) => {
  const world = new FakeWorld()
  expect(await world.run(argv)).toBe(1)
  expect(world.err).toMatch(/^ouroboros: the prompt is empty.*\n$/)
  expect(world.loaded).toBeUndefined()
})

test('files that are missing, folders or not text are named', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ouroboros-cli-'))
  const binary = join(folder, 'binary')
  await writeFile(binary, Buffer.from([65, 0, 66]))
  for (const [file, says] of [
    [join(folder, 'none.txt'), /none\.txt: no such file/],
    [folder, /it is a folder/],
    [binary, /binary is not text/],
  ] as const) {
    const world = new FakeWorld()
    expect(await world.run(['run', 'hi', '--file', file])).toBe(1)
    expect(world.err.trimEnd().split('\n')).toEqual([expect.stringMatching(says)])
  }
})

test.each([
  [new OuroborosError('E_MODEL', 'big.gguf is\nbroken'), 'ouroboros: big.gguf is broken\n'],
  [new RangeError('contextLength must be positive: received -1'), 'ouroboros: contextLength must be positive: received -1\n'],
  [new Error('odd'), 'ouroboros: unexpected failure: odd (--verbose shows where)\n'],
])('a failure while loading is one line: %s', async (error, line) => {
  const world = new FakeWorld()
  world.load = () => Promise.reject(error)
  expect(await world.run(['run', 'hi'])).toBe(1)
  expect(world.err).toBe(line)
})

test('--verbose shows where a failure comes from', async () => {
  const world = new FakeWorld()
  world.load = () => Promise.reject(new Error('odd'))
  expect(await world.run(['run', 'hi', '--verbose'])).toBe(1)
  expect(world.err).toContain('bad-input.test.ts')
})

test('a failure while generating is one line, and the engine is disposed', async () => {
  const world = new FakeWorld({
    beforeStep: () => {
      throw new OuroborosError('E_CONTEXT', 'the prompt does not fit')
    },
  })
  expect(await world.run(['run', 'hi', '--json'])).toBe(1)
  expect(world.out).toBe('')
  expect(world.err).toContain('ouroboros: the prompt does not fit\n')
  expect(world.engine.disposed).toBe(true)
})
