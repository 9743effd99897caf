import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { readHardware } from '../../src/bench/hardware.ts'
import { replayHistory } from '../../src/replay/history.ts'
import { readRecording } from '../../src/replay/recording.ts'
import { FakeWorld } from '../cli/fake-world.ts'
import { tempFolder } from '../models/temp-folder.ts'

const RECORDING = fileURLToPath(new URL('../recordings/qa.json.gz', import.meta.url))

it('replays cold, the same task, another task, and a growing history', async () => {
  const recording = readRecording(RECORDING)
  const texts = recording.texts.map((text, i) => (i % 2 ? { ...text, task: 'other' } : text))
  const rows = await replayHistory({ ...recording, texts }, readHardware('cpu-avx512'), [3, 100])
  const task = texts[0]?.task
  expect(rows.map(({ name, answers }) => [name, answers])).toEqual([
    ...[`${task}: cold`, `${task}: same task`, `${task}: other`, 'other: cold', 'other: same task', `other: ${task}`].map((name) => [
      name,
      6,
    ]),
    ['0 requests before', 5],
    ['3 requests before', 5], // there are no hundred
  ])
  for (const { tokensPerPass, speedup } of rows) expect([tokensPerPass >= 1, speedup > 0]).toEqual([true, true])
})

it('an answer that is known takes fewer passes', async () => {
  const recording = readRecording(RECORDING)
  const [text] = recording.texts.filter(({ answer }) => answer.length > 12)
  if (!text) throw new Error('no long answer')
  const [cold, warm] = await replayHistory({ ...recording, texts: [text, { ...text }] }, readHardware('cpu-avx512'), [])
  expect(warm?.tokensPerPass).toBeGreaterThan(cold?.tokensPerPass as number)
})

it('`bench history` prints a line for each case, or JSON', async () => {
  const world = new FakeWorld()
  expect(await world.run(['bench', 'history', RECORDING])).toBe(0)
  expect(world.out).toMatch(/answers +accepted +tokens\/pass +speed-up\n\S+: cold +12 /)
  const folder = await tempFolder()
  mkdirSync(join(folder, 'src'))
  for (const name of ['a', 'b', 'c']) writeFileSync(join(folder, 'src', `${name}.ts`), `const ${name} = 1\n`.repeat(130))
  const real = new FakeWorld()
  const flags = ['--repository', folder, '--files', '2', '-n', '8', '--edits', '3', '--json']
  expect({ code: await real.run(['bench', 'history', ...flags]), err: real.err }).toMatchObject({ code: 0 })
  const { rows } = JSON.parse(real.out) as { rows: { name: string; answers: number; speedup: number }[] }
  expect(rows.map(({ name, answers }) => [name, answers])).toEqual([
    ['completion: cold', 2],
    ['completion: repository', 2],
    ['edits: no draft model', 3],
  ])
  expect(rows.every(({ speedup }) => speedup === 1)).toBe(true) // a fake takes as long for each
  expect(real.loaded?.draft).toBeNull()
  expect(real.engine.requests.filter(({ prompt }) => prompt?.startsWith('// src/a.ts\nconst a'))).toHaveLength(4)
  expect(real.engine.events.slice(-8)).toEqual(['forget', ...Array(3).fill('vanilla'), 'forget', ...Array(3).fill('ouroboros')])
})

it('asks for something to measure', async () => {
  const world = new FakeWorld()
  expect(await world.run(['bench', 'history'])).toBe(2)
  expect(world.err).toContain('nothing to measure')
  expect(await new FakeWorld().run(['bench', 'history', '--repository', await tempFolder()])).toBe(2)
})
