import { type Command, Option } from 'commander'
import { hardwareNames, readHardware } from '../../bench/hardware.ts'
import type { Cell } from '../../replay/cells.ts'
import type { Variation } from '../../replay/fit.ts'
import { counts, list } from '../flags/numbers.ts'
import type { World } from './world.ts'

interface ReplayFlags {
  hardware: string[]
  concurrency: number[]
  draft: boolean
  fit?: boolean
  json?: boolean
}

/** `ouroboros bench replay`: what the default method would gain on other machines, on recorded answers, in simulated seconds. */
export function registerBenchReplay(bench: Command, { terminal }: World): void {
  bench
    .command('replay')
    .description('replay recorded answers on machines given by their cost curves: seconds instead of hours, and no noise')
    .argument('<files...>', 'recordings (bench record)')
    .addOption(
      new Option('--hardware <files>', `JSON files of cost curves, or ${hardwareNames.join(', ')}`)
        .argParser(list)
        .default(REPLAYED, REPLAYED.join(',')),
    )
    .addOption(new Option('--concurrency <list>', 'also with so many answers at once').argParser(counts).default([2, 4, 8], '2,4,8'))
    .option('--no-draft', 'without a draft model')
    .option('--fit', 'what becomes of the mean speed-up if a constant of cost control is halved or doubled, instead')
    .option('--json', 'print one JSON object')
    .action(async (files: string[], { hardware, concurrency, draft, fit, json }: ReplayFlags) => {
      const { readRecording } = await import('../../replay/recording.ts')
      const { geometricMean, replayAll } = await import('../../replay/cells.ts')
      const recordings = files.map(readRecording)
      const machines = hardware.map(readHardware).map((machine) => (draft ? machine : { ...machine, draft: null }))
      if (fit) {
        const { varyConstants } = await import('../../replay/fit.ts')
        const variations = await varyConstants(recordings, machines)
        terminal.stdout.write(json ? `${JSON.stringify(variations)}\n` : fitReport(variations))
        return
      }
      const cells = await replayAll(recordings, machines, concurrency)
      const mean = geometricMean(cells)
      terminal.stdout.write(json ? `${JSON.stringify({ mean, cells })}\n` : replayReport(cells, mean))
    })
}

const REPLAYED = ['cpu-avx512', 'cpu-avx512-q8', 'cpu-zen4', 'cpu-zen4-busy', 'cpu-avx2', 'cpu-stock', 'flat-gpu', 'a100-yi-34b']

function fitReport(variations: readonly Variation[]): string {
  const row = (name: string, values: readonly string[]) => `${name.padEnd(15)}${values.map((value) => value.padStart(10)).join('')}`
  const rows = variations.map(({ name, value, halved, asIs, doubled }) =>
    row(name, [String(value), ...[halved, asIs, doubled].map((mean) => `${mean.toFixed(4)}x`)]),
  )
  return `${[row('constant', ['value', 'halved', 'as it is', 'doubled']), ...rows].join('\n')}\n`
}

/** One line a task and machine; speed-ups over plain decoding. */
function replayReport(cells: readonly Cell[], mean: number): string {
  const atOnce = Object.keys(cells[0]?.atOnce ?? {})
  const width = Math.max(...cells.map(({ task }) => task.length)) + 2
  const lines = [['first', 'later', 'worst', 'tokens/step', 'drafts/token', ...atOnce.map((count) => `${count} at once`)]]
  let machine: string | undefined
  const text = (name: string, values: readonly string[]) => `${name.padEnd(width)}${values.map((value) => value.padStart(13)).join('')}`
  const rows = cells.flatMap((cell) => {
    const speedups = [cell.first, cell.later, cell.worst].map((value) => `${value.toFixed(2)}x`)
    const row = text(cell.task, [
      ...speedups,
      cell.tokensPerStep.toFixed(2),
      cell.draftPassesPerToken.toFixed(2),
      ...Object.values(cell.atOnce).map((value) => `${value.toFixed(2)}x`),
    ])
    const isNew = cell.hardware !== machine
    machine = cell.hardware
    return isNew ? ['', cell.hardware, text('', lines[0] as string[]), row] : [row]
  })
  const unknown = cells.reduce((sum, cell) => sum + cell.unknown, 0) / cells.length
  return [
    ...rows.slice(1),
    '',
    `geometric mean of all speed-ups: ${mean.toFixed(4)}x`,
    `rows of the draft model that were not on record: ${(100 * unknown).toFixed(1)} %`,
    '',
  ].join('\n')
}
