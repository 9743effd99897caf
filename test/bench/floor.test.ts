import { expect, it } from 'vitest'
import { floorLines } from '../../src/bench/floor.ts'
import type { Report } from '../../src/bench/report.ts'
import { reportSample, rowsOf } from '../../src/bench/rows.ts'
import type { Sample } from '../../src/bench/sample.ts'
import { sample } from './samples.ts'

/** A prompt of a task, at a speed where plain decoding has 10. */
const at = (task: string, prompt: number, tokensPerSecond: number, change: Partial<Sample> = {}): Sample => ({
  ...sample('ouroboros', prompt, { tokensPerSecond }),
  task,
  ...change,
})
const linesOf = (samples: readonly Sample[]) =>
  floorLines({ rows: rowsOf(samples, []), samples: samples.map(reportSample) } as unknown as Report)

it('counts the prompts that are slower than plain decoding, and says of which tasks', () => {
  const samples = [at('wmt', 0, 9), at('wmt', 1, 9.6), at('wmt', 2, 9.7), at('mbpp', 0, 12), at('rag', 0, 8)]
  expect(linesOf(samples)).toEqual(['big, ouroboros: 3 of 5 prompts below 0.97x (wmt 2, rag 1)'])
  expect(linesOf([at('mbpp', 0, 12), sample('vanilla', 0, { tokensPerSecond: 9 })])).toEqual(['big, ouroboros: 0 of 1 prompts below 0.97x'])
})

it('judges a prompt as the table does: by its steady turns, the median of its repetitions', () => {
  const swaying = at('wmt', 1, 5, { steady: false })
  const repeated = [9, 12].map((speed, repeat) => at('wmt', 0, speed, { repeat }))
  expect(linesOf([...repeated, swaying])).toEqual(['big, ouroboros: 0 of 1 prompts below 0.97x'])
})
