import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { type Command, Option } from 'commander'
import { readPrompts } from '../../bench/prompts.ts'
import { type Load, runLoad } from '../../bench/serve-load.ts'
import { type ServeRound, type ServeRow, serveRows, serveTable } from '../../bench/serve-report.ts'
import { findTasks, taskNames } from '../../bench/task.ts'
import { OuroborosError } from '../../core/errors.ts'
import { counts, integer } from '../flags/numbers.ts'
import { interruptible } from '../views/interrupt.ts'
import type { World } from './world.ts'

interface BenchServeFlags {
  data: string
  task: string
  prompts: number
  tokens: number
  concurrency: number[]
  rounds: number
  limit: number
  json?: boolean
}

/** `ouroboros bench serve`: throughput and latency of the server on the loopback, against plain decoding at the same concurrency. */
export function registerBenchServe(bench: Command, world: World): void {
  bench
    .command('serve')
    .description('measure the server with several requests at once; each figure is of a server process of its own, on the loopback')
    .requiredOption('--data <dir>', "folder with the data sets' own files")
    .addOption(new Option('--task <name>', 'whose prompts').choices(taskNames).default('gsm8k'))
    .option('--prompts <n>', 'requests per figure', integer({ min: 1, max: 1000 }), 16)
    .option('-n, --tokens <n>', 'most tokens per answer', integer({ min: 2, max: 4096 }), 64)
    .option('--concurrency <list>', 'requests at once, comma-separated', counts, [1, 2, 4, 8])
    .option('--rounds <n>', 'times that each figure is measured; medians are told', integer({ min: 1, max: 100 }), 3)
    .option('--limit <minutes>', 'give up after so long', integer({ min: 1, max: 600 }), 60)
    .option('--json', 'one JSON object on standard output')
    .argument('[flags...]', 'for ouroboros serve, behind --: models, context, threads')
    .action((serveFlags: string[], flags: BenchServeFlags) => benchServe(serveFlags, flags, world))
}

async function benchServe(serveFlags: readonly string[], flags: BenchServeFlags, { terminal }: World): Promise<void> {
  const task = findTasks(flags.task)[0] as ReturnType<typeof findTasks>[number]
  const prompts = readPrompts(flags.data, task, flags.prompts).measured.map(([first]) => first)
  const rows: ServeRow[] = []
  let reference: string[] | undefined
  await interruptible(terminal, async (interrupt) => {
    const signal = AbortSignal.any([interrupt, AbortSignal.timeout(flags.limit * 60_000)])
    const measure = async (concurrency: number, speculative: boolean): Promise<Load> => {
      terminal.stderr.write(`${concurrency} at once, ${speculative ? 'ouroboros' : 'plain'}\n`)
      const server = await startServer(['--parallel', String(concurrency), '--no-history', ...serveFlags])
      try {
        return await runLoad(server.url, { prompts, concurrency, maxTokens: flags.tokens, speculative }, signal)
      } finally {
        await server.stop()
      }
    }
    for (const [i, concurrency] of flags.concurrency.entries()) {
      const rounds: ServeRound[] = []
      for (let round = 0; round < flags.rounds; round++) {
        // The machine's speed drifts: who goes first alternates.
        const order = (i + round) % 2 === 0 ? [false, true] : [true, false]
        const loads: { plain?: Load; ouroboros?: Load } = {}
        for (const speculative of order) loads[speculative ? 'ouroboros' : 'plain'] = await measure(concurrency, speculative)
        rounds.push(loads as Required<typeof loads>)
      }
      reference ??= (rounds[0] as ServeRound).plain.answers.map(({ text }) => text)
      rows.push(...serveRows(concurrency, rounds, reference))
      terminal.stderr.write(serveTable(rows.slice(-2)))
    }
  })
  const settings = { task: flags.task, prompts: prompts.length, max_tokens: flags.tokens, rounds: flags.rounds, serve: serveFlags }
  terminal.stdout.write(flags.json ? `${JSON.stringify({ settings, rows })}\n` : serveTable(rows))
}

/** A server process on a free port of the loopback. */
async function startServer(flags: readonly string[]): Promise<{ url: string; stop(): Promise<void> }> {
  const main = fileURLToPath(new URL('../main.js', import.meta.url))
  const child = spawn(process.execPath, [main, 'serve', '--port', '0', ...flags], { stdio: ['ignore', 'pipe', 'pipe'] })
  const errors: string[] = []
  createInterface({ input: child.stderr }).on('line', (line) => errors.push(line))
  const url = await listeningAt(child, child.stdout, errors)
  return {
    url,
    stop: async () => {
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
    },
  }
}

async function listeningAt(child: ChildProcess, stdout: Readable, errors: readonly string[]): Promise<string> {
  for await (const line of createInterface({ input: stdout })) {
    const url = /^listening on (\S+)/.exec(line)?.[1]
    if (url) return url
  }
  await once(child, 'exit').catch(() => {})
  throw new OuroborosError('E_ENGINE', `the server did not start: ${errors.slice(-3).join(' | ')}`)
}
