import { type Command, Option } from 'commander'
import { compareTexts, type ExactRow } from '../../bench/exact.ts'
import { type BenchMethod, findMethods, methodNames } from '../../bench/method.ts'
import { readPrompts } from '../../bench/prompts.ts'
import { findTasks, taskNames } from '../../bench/task.ts'
import { OuroborosError } from '../../core/errors.ts'
import { defaultTarget } from '../../models/catalog.ts'
import { addLoadFlags, type LoadFlags } from '../flags/load-flags.ts'
import { integer, list, reals } from '../flags/numbers.ts'
import { Interrupted, interruptible } from '../views/interrupt.ts'
import { loadWithProgress } from './load-progress.ts'
import type { World } from './world.ts'

interface BenchExactFlags extends LoadFlags {
  data: string
  tasks: string[]
  method: string
  prompts: number
  tokens: number
  temp: number[]
  seed: number
  sessions: number
  json?: boolean
}

const TASKS = ['humaneval', 'mbpp', 'gsm8k', 'cnndm', 'wmt', 'writing', 'roleplay']

/** `ouroboros bench exact`: compares texts with plain decoding's, several sessions at once; fails where one differs. */
export function registerBenchExact(bench: Command, world: World): void {
  const command = bench
    .command('exact')
    .description("compare texts with plain decoding's to the byte, several at once; exit status 1 if one differs")
    .requiredOption('--data <dir>', "folder with the data sets' own files")
    .addOption(new Option('--tasks <names>', `comma-separated, of ${taskNames.join(', ')}`).argParser(list).default(TASKS, TASKS.join(',')))
    .addOption(new Option('--method <name>', 'whose texts').choices(methodNames).default('ouroboros'))
    .option('--prompts <n>', 'prompts per task', integer({ min: 1 }), 10)
    .option('-n, --tokens <n>', 'most tokens per answer', integer({ min: 2 }), 128)
    .addOption(new Option('--temp <list>', 'temperatures; 0 is greedy').argParser(reals({ min: 0, max: 100 })).default([0, 0.8], '0,0.8'))
    .option('-s, --seed <n>', "seed of the first prompt; each further prompt's is one higher", integer({ min: 0, max: 0xffff_0000 }), 11)
    .option('--sessions <n>', 'answers at once', integer({ min: 1, max: 64 }), 4)
    .option('--json', 'print one JSON object')
  addLoadFlags(command, defaultTarget).action((flags: BenchExactFlags) => benchExact(flags, world))
}

async function benchExact(flags: BenchExactFlags, world: World): Promise<void> {
  const { terminal } = world
  const method = findMethods([flags.method]).find(({ name }) => name === flags.method) as BenchMethod
  const prompts = flags.tasks
    .flatMap(findTasks)
    .flatMap((task) => readPrompts(flags.data, task, flags.prompts).measured.map(([prompt]) => ({ task, prompt })))
  await using engine = await loadWithProgress(world, flags, { sessions: flags.sessions })
  const { target, kernels, exact, threads } = engine.facts
  const rows: ExactRow[] = []
  const plan = { prompts, method, maxTokens: flags.tokens, seed: flags.seed }
  await interruptible(terminal, async (signal) => {
    for (const temperature of flags.temp) {
      const row = await compareTexts(engine, { ...plan, temperature }, signal, ({ texts, different }) => {
        terminal.stderr.write(`temperature ${temperature}: ${texts} of ${prompts.length}, ${different} differ\n`)
      }).catch((error) => {
        throw signal.aborted ? new Interrupted() : error
      })
      rows.push(row)
    }
  })
  const facts = `${target.description}, kernels ${kernels.set ?? 'stock'}, ${threads} threads, ${exact ? 'exact' : 'not exact'} by the probe`
  const report = [facts, ...rows.map((row) => describe(row, method.name, flags.sessions))].join('\n')
  terminal.stdout.write(`${flags.json ? JSON.stringify({ model: facts, method: method.name, sessions: flags.sessions, rows }) : report}\n`)
  const different = rows.reduce((total, row) => total + row.different + row.alone_different, 0)
  if (different > 0) throw new OuroborosError('E_EXACT', `texts that differ from plain decoding's: ${different}`)
}

function describe({ temperature, texts, different, tokens, alone, alone_different }: ExactRow, method: string, sessions: number): string {
  return (
    `temperature ${temperature}: ${different} of ${texts} texts of ${method} differ from plain decoding's (${tokens} tokens, ${sessions} at once); ` +
    `${alone_different} of ${alone} plain texts differ alone`
  )
}
