import type { Hardware } from '../bench/hardware.ts'
import { sum } from '../bench/statistics.ts'
import { meanAcceptanceLength } from '../core/stats.ts'
import type { Recording } from './recording.ts'
import { Replay, type Replayed } from './replay.ts'

/** How one task goes on one machine. */
export interface Cell {
  readonly task: string
  readonly hardware: string
  /** Speed-up over plain decoding, of the sums: right after the installation, and with what earlier answers have taught. */
  readonly first: number
  readonly later: number
  /** The worst prompt of both. */
  readonly worst: number
  readonly tokensPerStep: number
  readonly draftPassesPerToken: number
  /** Rows of the draft model that were not on record, 0..1. */
  readonly unknown: number
  /** Sessions at once → throughput ÷ plain throughput with as many, prompts included. */
  readonly atOnce: Readonly<Record<number, number>>
}

/** Replays every task on every machine. */
export async function replayAll(
  recordings: readonly Recording[],
  machines: readonly Hardware[],
  atOnce: readonly number[],
): Promise<Cell[]> {
  const cells: Cell[] = []
  for (const hardware of machines) {
    for (const recording of recordings) {
      const tasks = new Set(recording.texts.map(({ task }) => task))
      for (const task of tasks) cells.push(await replayTask(recording, task, hardware, atOnce))
    }
  }
  return cells
}

async function replayTask(recording: Recording, task: string, hardware: Hardware, atOnce: readonly number[]): Promise<Cell> {
  const texts = recording.texts.filter((text) => text.task === task)
  const replay = new Replay(recording, hardware)
  const plain: number[] = []
  const first: number[] = []
  const later: number[] = []
  const runs: Replayed[] = []
  for (const text of texts) plain.push((await replay.run([text], 'vanilla')).seconds - replay.promptSeconds(text))
  for (const text of texts) {
    replay.forget()
    first.push((await replay.run([text], 'ouroboros')).seconds - replay.promptSeconds(text))
  }
  // The prompt before the first one is the last one: as a user who has asked such things before.
  for (const text of [texts.at(-1) as (typeof texts)[number], ...texts]) {
    replay.forgetPhrases()
    const run = await replay.run([text], 'ouroboros')
    later.push(run.seconds - replay.promptSeconds(text))
    runs.push(run)
  }
  later.shift()
  runs.shift()
  const company: Record<number, number> = {}
  for (const count of atOnce) {
    const alone = await replay.run(texts, 'vanilla', count)
    replay.forget()
    company[count] = alone.seconds / (await replay.run(texts, 'ouroboros', count)).seconds
  }
  const statistics = runs.flatMap((run) => run.statistics)
  const tokens = sum(texts.map(({ answer }) => answer.length))
  return {
    task,
    hardware: hardware.name,
    first: sum(plain) / sum(first),
    later: sum(plain) / sum(later),
    worst: Math.min(...plain.flatMap((seconds, i) => [seconds / (first[i] as number), seconds / (later[i] as number)])),
    tokensPerStep: sum(statistics.map(meanAcceptanceLength)) / statistics.length,
    draftPassesPerToken: sum(statistics.map((one) => one.draftPasses)) / tokens,
    unknown: sum(runs.map((run) => run.unknown)) / runs.length,
    atOnce: company,
  }
}

/** Of all speed-ups of these cells. */
export function geometricMean(cells: readonly Cell[]): number {
  const all = cells.flatMap(({ first, later, atOnce }) => [first, later, ...Object.values(atOnce)])
  return Math.exp(sum(all.map(Math.log)) / all.length)
}
