import { type Command, InvalidArgumentError, Option } from 'commander'
import { hardwareNames } from '../../bench/hardware.ts'
import { findMethods, methodNames } from '../../bench/method.ts'
import { readPrompts } from '../../bench/prompts.ts'
import type { Plan } from '../../bench/runner.ts'
import { findTasks, taskNames } from '../../bench/task.ts'
import { PEER_NAMES, type PeerName } from '../../builds/peers.ts'
import { OuroborosError } from '../../core/errors.ts'
import { omitUndefined } from '../../core/omit-undefined.ts'
import { findEntry } from '../../models/catalog.ts'
import type { LoadFlags } from './load-flags.ts'
import { integer, list, real } from './numbers.ts'

/** What commander makes of all flags of `bench`. */
export interface BenchFlags extends LoadFlags {
  data?: string
  tasks: string[]
  methods?: string[]
  targets?: string[]
  prompts: number
  tokens: number
  temp: number
  seed: number
  repeat: number
  context: number
  specDraftNMax?: number
  peers?: PeerName[]
  hardware?: string[]
  json?: string
  html?: string
  verbose?: boolean
}

const TASKS = ['humaneval', 'mbpp', 'gsm8k', 'cnndm', 'wmt']

/** Adds the flags that say what to measure. */
export function addBenchFlags(command: Command): Command {
  return command
    .option('--data <dir>', "folder with the data sets' own files (required)")
    .addOption(new Option('--tasks <names>', `comma-separated, of ${taskNames.join(', ')}`).argParser(list).default(TASKS, TASKS.join(',')))
    .option('--methods <names>', `comma-separated, of ${methodNames.join(', ')}, ablation, all (default: all but paper)`, list)
    .option('--targets <models>', 'several targets, comma-separated: catalog ids or GGUF files, e.g. of one model in several types', list)
    .option('--prompts <n>', 'prompts per task', integer({ min: 1 }), 10)
    .option('-n, --tokens <n>', 'most tokens per answer', integer({ min: 2 }), 128)
    .option('--temp <t>', 'temperature; 0 is greedy', real({ min: 0, max: 100 }), 0)
    .option('-s, --seed <n>', 'seed of sampling', integer({ min: 0, max: 0xffff_ffff }), 0)
    .option('--repeat <n>', 'measure each prompt this often, take medians', integer({ min: 1 }), 1)
    .option('--context <n>', 'tokens of other prompts before each one, read once for all', integer({ min: 0, max: 1_000_000 }), 0)
    .option(
      '--spec-draft-n-max <n>',
      'draft length of plain speculation instead of a tuned one, and of the ablation [gamma]',
      integer({ min: 1, max: 256 }),
    )
    .option(
      '--peers <programs>',
      `also measure other programs' own speculation, of ${PEER_NAMES.join(', ')}; compiled at first use (minutes; cmake, a C++ compiler)`,
      peers,
    )
    .option(
      '--hardware <files>',
      `also project the recorded steps onto other hardware: JSON files of cost curves, or ${hardwareNames.join(', ')}`,
      list,
    )
    .option('--json <file>', 'write the report as JSON, after each prompt anew; - is standard output, instead of the table')
    .option('--html <file>', 'write the report with charts as one HTML file')
}

/** The targets to load, in order. */
export function targetsOf(flags: BenchFlags): string[] {
  return flags.targets ?? [flags.model]
}

/** What to measure; reads the prompts. `note` is told what is left out. Throws `E_USAGE` and `E_FILE`. */
export function toPlan(flags: BenchFlags, note: (line: string) => void): Plan {
  const { data } = flags
  // Not required by the parser: it would ask for it before `bench serve` as well.
  if (data === undefined) throw new OuroborosError('E_USAGE', "required option '--data <dir>' not specified")
  if (flags.context > 0 && flags.peers)
    throw new OuroborosError('E_USAGE', `--context goes with our own methods only: received --context ${flags.context} and --peers`)
  const tasks = new Map(flags.tasks.flatMap(findTasks).map((task) => [task.name, task]))
  return {
    methods: methodsOf(flags, note),
    tasks: [...tasks.values()].map((task) => ({ task, prompts: readPrompts(data, task, flags.prompts) })),
    maxTokens: flags.tokens,
    temperature: flags.temp,
    seed: flags.seed,
    repeat: flags.repeat,
    context: flags.context,
    ...omitUndefined({ draftLength: flags.specDraftNMax }),
  }
}

function methodsOf(flags: BenchFlags, note: (line: string) => void): Plan['methods'] {
  const methods = findMethods(flags.methods)
  const asked = (name: string) => flags.methods?.includes(name) ?? false
  const greedyOnly = methods.find((method) => method.greedy && flags.temp > 0)
  if (greedyOnly)
    throw new OuroborosError('E_USAGE', `${greedyOnly.name} is greedy, as published: received --temp ${flags.temp}, leave it out or use 0`)
  const lacking = targetsOf(flags).find((target) => !hasDraft(target, flags))
  if (lacking === undefined) return methods
  const needing = methods.filter((method) => method.needsDraft)
  const wrong = needing.find(({ name }) => asked(name))
  if (wrong) throw new OuroborosError('E_USAGE', `${wrong.name} needs a draft model, ${lacking} has none: name one with --spec-draft-model`)
  if (needing.length > 0) note(`without a draft model (${lacking}): ${needing.map(({ name }) => name).join(', ')} left out`)
  return methods.filter((method) => !method.needsDraft)
}

function hasDraft(target: string, flags: BenchFlags): boolean {
  return flags.draft !== false && (flags.specDraftModel ?? findEntry(target)?.draft) !== undefined
}

function peers(text: string): PeerName[] {
  return [...new Set(list(text))].map((name) => {
    const peer = PEER_NAMES.find((one) => one === name)
    if (peer === undefined) throw new InvalidArgumentError(`Allowed: ${PEER_NAMES.join(', ')}`)
    return peer
  })
}
