import { relative } from 'node:path'
import type { Command } from 'commander'
import { readHardware } from '../../bench/hardware.ts'
import { OuroborosError } from '../../core/errors.ts'
import { defaultTarget } from '../../models/catalog.ts'
import type { HistoryRow, Load } from '../../replay/history.ts'
import { addLoadFlags, type LoadFlags } from '../flags/load-flags.ts'
import { integer } from '../flags/numbers.ts'
import { Interrupted, interruptible } from '../views/interrupt.ts'
import { loadWithProgress } from './load-progress.ts'
import type { World } from './world.ts'

interface HistoryFlags extends LoadFlags {
  hardware: string
  repository?: string
  files: number
  edits?: number
  tokens: number
  json?: boolean
}

/** Requests behind which a growing history is measured. */
const SIZES = [10, 100, 1000]
/** Shorter files have no half worth completing. */
const SHORTEST = 1500

/** `ouroboros bench history`: what phrases of earlier requests, of a repository or of earlier edits bring. */
export function registerBenchHistory(bench: Command, world: World): void {
  const command = bench
    .command('history')
    .description('what known phrases bring: of earlier requests (replayed), of a repository, of earlier edits of a file')
    .argument('[recordings...]', 'files of bench record, best of several tasks: replayed on --hardware')
    .option('--hardware <file>', 'JSON file of cost curves, or the name of a shipped one', 'cpu-avx512')
    .option('--repository <dir>', 'complete halves of source files in this folder, cold and with its other files as corpus')
    .option('--files <n>', 'so many files', integer({ min: 1, max: 1000 }), 4)
    .option('-n, --tokens <n>', 'most tokens per completion', integer({ min: 2, max: 1024 }), 64)
    .option('--edits <n>', "an agent's loop of so many edits of one file, without a draft model", integer({ min: 1, max: 100 }))
    .option('--json', 'print one JSON object')
  addLoadFlags(command, defaultTarget).action((recordings: string[], flags: HistoryFlags) => benchHistory(recordings, flags, world))
}

async function benchHistory(recordings: readonly string[], flags: HistoryFlags, world: World): Promise<void> {
  const { hardware, repository, edits, json } = flags
  const { terminal } = world
  if (recordings.length === 0 && repository === undefined && edits === undefined)
    throw new OuroborosError('E_USAGE', 'nothing to measure: give recordings (bench record), --repository or --edits')
  const { completeCode, editLoop, replayHistory } = await import('../../replay/history.ts')
  const { readRecording } = await import('../../replay/recording.ts')
  const machine = { ...readHardware(hardware), ...(!flags.draft && { draft: null }) }
  const rows: HistoryRow[] = []
  for (const recording of recordings.map(readRecording)) rows.push(...(await replayHistory(recording, machine, SIZES)))
  const load: Load = (options) => loadWithProgress(world, flags, options)
  await interruptible(terminal, async (signal) => {
    try {
      if (repository !== undefined) {
        const { files, corpus } = await split(repository, flags.files)
        rows.push(...(await completeCode(load, files, corpus, flags.tokens, signal)))
      }
      if (edits !== undefined) rows.push(...(await editLoop(load, edits, signal)))
    } catch (error) {
      throw signal.aborted ? new Interrupted() : error
    }
  })
  terminal.stdout.write(`${json ? JSON.stringify({ rows }) : historyReport(rows)}\n`)
}

/** Files to complete, spread over the folder, and the others. */
async function split(folder: string, count: number): Promise<{ files: Map<string, string>; corpus: string[] }> {
  const { filesBelow, textOf } = await import('../../store/text-files.ts')
  const texts = [...filesBelow([folder])].flatMap((file) => {
    const text = textOf(file)
    return text === undefined ? [] : [{ file, text }]
  })
  const long = texts.filter(({ text }) => text.length >= SHORTEST)
  if (long.length === 0)
    throw new OuroborosError('E_USAGE', `${folder} has no file of at least ${SHORTEST} characters: give another --repository`)
  const stride = Math.max(1, Math.floor(long.length / count))
  const chosen = long.filter((_, i) => i % stride === 0).slice(0, count)
  const files = new Map(chosen.map(({ file, text }) => [relative(folder, file), text]))
  return { files, corpus: texts.map(({ file }) => file).filter((file) => !files.has(relative(folder, file))) }
}

function historyReport(rows: readonly HistoryRow[]): string {
  const width = Math.max(...rows.map(({ name }) => name.length)) + 2
  const line = (name: string, values: readonly string[]) => `${name.padEnd(width)}${values.map((value) => value.padStart(13)).join('')}`
  return [
    line('', ['answers', 'accepted', 'tokens/pass', 'speed-up']),
    ...rows.map(({ name, answers, acceptance, tokensPerPass, speedup }) =>
      line(name, [String(answers), `${(100 * acceptance).toFixed(1)} %`, tokensPerPass.toFixed(2), `${speedup.toFixed(2)}x`]),
    ),
  ].join('\n')
}
