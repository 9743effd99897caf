import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { readHardware } from '../../src/bench/hardware.ts'
import { CONTROL } from '../../src/core/index.ts'
import { geometricMean, replayAll } from '../../src/replay/cells.ts'
import type { Variation } from '../../src/replay/fit.ts'
import { draftAnswer, targetAnswer } from '../../src/replay/recorded-model.ts'
import { type RecordedText, readRecording, writeRecording } from '../../src/replay/recording.ts'
import { FakeWorld } from '../cli/fake-world.ts'
import { tempFolder } from '../models/temp-folder.ts'

const FOLDER = fileURLToPath(new URL('../recordings', import.meta.url))
const FILES = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.json.gz'))
  .sort()
  .map((file) => join(FOLDER, file))

const TEXT: RecordedText = {
  task: 'made up',
  prompt: [9, 8],
  answer: [1, 2, 3, 4],
  draft: [
    [1, 0.9, 7, 0.1],
    [5, 0.4, 2, 0.3],
    [3, 0.8, 7, 0.1],
    [4, 0.7, 7, 0.2],
  ],
  wrong: { 1: [[6, 0.5, 7, 0.2]] },
}

describe('recorded models', () => {
  it('the draft model answers along the text and along its own wrong turns', () => {
    expect(draftAnswer(TEXT, [1])).toEqual({ drafted: [5, 0.4, 2, 0.3], isKnown: true })
    expect(draftAnswer(TEXT, [1, 5])).toEqual({ drafted: [6, 0.5, 7, 0.2], isKnown: true })
    expect(draftAnswer(TEXT, [1, 2])).toEqual({ drafted: [3, 0.8, 7, 0.1], isKnown: true })
  })

  it('says so where nothing is on record, and does not tell what comes', () => {
    for (const follows of [[1, 7], [1, 5, 6], [7], [1, 2, 3, 4]]) {
      const { drafted, isKnown } = draftAnswer(TEXT, follows)
      expect(isKnown).toBe(false)
      expect(TEXT.answer).not.toContain(drafted[0])
    }
  })

  it('the target writes its text', () => {
    expect(targetAnswer(TEXT, [1, 2])).toEqual({ drafted: [3, 1, 3, 0], isKnown: true })
    expect(targetAnswer(TEXT, [7]).isKnown).toBe(false)
  })
})

describe('recordings', () => {
  it('are read as they were written, with other token numbers', async () => {
    const file = join(await tempFolder(), 'one.json.gz')
    writeRecording(file, { version: 2, target: 'big', draft: 'small', endTokens: [4], texts: [TEXT] })
    const [text] = readRecording(file).texts
    expect(text?.prompt).toEqual([1, 2])
    expect(text?.answer[3]).toBe(0) // the end token came first
    expect(text?.wrong[1]).toHaveLength(1)
  })

  it('anything else is refused, with the file and what is wrong', async () => {
    const folder = await tempFolder()
    const write = (name: string, bytes: Uint8Array) => {
      writeFileSync(join(folder, name), bytes)
      return join(folder, name)
    }
    expect(() => readRecording(join(folder, 'none'))).toThrow(/cannot read the recording .*none/)
    expect(() => readRecording(write('text', Buffer.from('hello')))).toThrow(/cannot read the recording/)
    expect(() => readRecording(write('shape', gzipSync('{"version":1}')))).toThrow(/shape is no recording/)
    const world = new FakeWorld({})
    expect(await world.run(['bench', 'replay', join(folder, 'none')])).toBe(1)
    expect(world.err).toContain('cannot read the recording')
  })
})

describe('replay of recorded answers', () => {
  it('is the same every time, and drafts pay', async () => {
    const run = async () => replayAll(FILES.map(readRecording), ['cpu-avx512', 'cpu-avx2'].map(readHardware), [4])
    const cells = await run()
    expect(await run()).toEqual(cells)
    expect(geometricMean(cells)).toBeGreaterThan(1.4)
    expect(Math.max(...cells.map(({ unknown }) => unknown))).toBeLessThan(0.02)
  })

  it('`bench replay` prints a line for each task', async () => {
    const world = new FakeWorld({})
    expect(await world.run(['bench', 'replay', FILES[0] as string, '--hardware', 'cpu-avx512', '--concurrency', '2'])).toBe(0)
    expect(world.out).toMatch(/\ncnndm +\d\.\d\dx/)
    expect(world.out).toContain('geometric mean of all speed-ups')
  })

  it('`--fit` varies each constant and leaves it as it was', async () => {
    const before = structuredClone(CONTROL)
    const world = new FakeWorld({})
    const flags = ['--hardware', 'cpu-avx512', '--fit', '--json']
    expect(await world.run(['bench', 'replay', join(FOLDER, 'humaneval.json.gz'), ...flags])).toBe(0)
    const variations = JSON.parse(world.out) as Variation[]
    expect(variations.map(({ name }) => name)).toContain('optimism')
    expect(variations.some(({ halved, asIs }) => halved !== asIs)).toBe(true)
    expect(CONTROL).toEqual(before)
  })
})
