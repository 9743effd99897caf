import { basename } from 'node:path'
import type { Command } from 'commander'
import picocolors from 'picocolors'
import type { Engine } from '../../api/types.ts'
import { buildReport, type Findings } from '../../bench/build-report.ts'
import { requireCharts } from '../../bench/charts.ts'
import { type Hardware, readHardware } from '../../bench/hardware.ts'
import { htmlReport } from '../../bench/html.ts'
import { runPeer } from '../../bench/peers/run-peers.ts'
import { project } from '../../bench/projection.ts'
import type { Report, ReportFailure } from '../../bench/report.ts'
import { type Observer, type Plan, runTarget } from '../../bench/runner.ts'
import type { Sample } from '../../bench/sample.ts'
import { tableReport } from '../../bench/table.ts'
import type { PeerName, PeerPrograms } from '../../builds/peers.ts'
import { OuroborosError } from '../../core/errors.ts'
import { defaultTarget } from '../../models/catalog.ts'
import { addBenchFlags, type BenchFlags, targetsOf, toPlan } from '../flags/bench-flags.ts'
import { addLoadFlags } from '../flags/load-flags.ts'
import { checkWritable, writeText } from '../flags/output-file.ts'
import { BenchProgress } from '../views/bench-progress.ts'
import { Interrupted, interruptible } from '../views/interrupt.ts'
import { wantsColor } from '../views/origin-colors.ts'
import { registerBenchExact } from './bench-exact.ts'
import { registerBenchHistory } from './bench-history.ts'
import { registerBenchPasses } from './bench-passes.ts'
import { registerBenchRecord } from './bench-record.ts'
import { registerBenchReplay } from './bench-replay.ts'
import { registerBenchServe } from './bench-serve.ts'
import { loadWithProgress } from './load-progress.ts'
import { processWorld, type World } from './world.ts'

/** `ouroboros bench --data DIR`: every method on the same prompts. */
export function registerBench(program: Command, world: World = processWorld()): void {
  const command = program.command('bench').description('measure every method on the same prompts, in turn: speed, acceptance, equal texts')
  addLoadFlags(addBenchFlags(command), defaultTarget).option('--verbose', "the native library's log on standard error")
  registerBenchServe(command.enablePositionalOptions(), world)
  registerBenchExact(command, world)
  registerBenchHistory(command, world)
  registerBenchPasses(command, world)
  registerBenchRecord(command, world)
  registerBenchReplay(command, world)
  command.action(async (flags: BenchFlags, called: Command) => {
    await new Bench(flags, world, commandLine(called)).run()
  })
}

class Bench {
  readonly #flags: BenchFlags
  readonly #world: World
  readonly #command: string
  readonly #progress: BenchProgress
  readonly #date = new Date()
  readonly #targets: Findings['targets'][number][] = []
  readonly #samples: Sample[] = []
  readonly #notes: string[] = []
  readonly #failures: ReportFailure[] = []
  /** Those that were asked for, with why they could not be built. */
  readonly #peers = new Map<PeerName, PeerPrograms | OuroborosError>()
  readonly #hardware: readonly Hardware[]

  constructor(flags: BenchFlags, world: World, command: string) {
    this.#flags = flags
    this.#world = world
    this.#command = command
    this.#hardware = (flags.hardware ?? []).map(readHardware)
    this.#progress = new BenchProgress(world.terminal)
  }

  async run(): Promise<void> {
    const { json, html } = this.#flags
    const plan = toPlan(this.#flags, (line) => this.#note(line))
    if (json !== undefined && json !== '-') checkWritable(json)
    if (html !== undefined) checkWritable(html)
    if (html !== undefined) await requireCharts()
    let failure: unknown
    await interruptible(this.#world.terminal, async (signal) => {
      try {
        for (const peer of this.#flags.peers ?? []) this.#peers.set(peer, await this.#build(peer, signal))
        for (const target of targetsOf(this.#flags)) await this.#measure(target, plan, signal)
      } catch (error) {
        failure = signal.aborted ? new Interrupted() : error
      }
    })
    this.#progress.end()
    // What was measured before a failure is worth as much.
    if (failure === undefined || this.#samples.length > 0) await this.#print(this.#report(failure !== undefined))
    if (failure !== undefined) throw failure
  }

  async #measure(target: string, plan: Plan, signal: AbortSignal): Promise<void> {
    await using engine = await loadWithProgress(this.#world, { ...this.#flags, model: target })
    const { facts } = engine
    const short = basename(facts.target.file, '.gguf')
    // Files of one name in several folders.
    const name = this.#targets.some((one) => one.name === short) ? target : short
    this.#targets.push({ name, facts })
    const observer = {
      prompt: (samples: readonly Sample[]) => {
        this.#samples.push(...samples)
        this.#progress.prompt(samples, plan)
        this.#save(this.#report(true))
      },
      note: (line: string) => this.#note(line),
    }
    await runTarget(engine, name, plan, observer, signal)
    for (const peer of this.#peers.keys()) await this.#measurePeer(peer, engine, name, plan, observer, signal)
  }

  async #build(peer: PeerName, signal: AbortSignal): Promise<PeerPrograms | OuroborosError> {
    const onStage = (stage: string) => this.#progress.stage(`${peer}: ${stage}`)
    const onLine = (line: string) => this.#progress.compiling(peer, line)
    try {
      return await this.#world.buildPeer(peer, { signal, onStage, onLine })
    } catch (error) {
      return this.#excuse(error, signal)
    }
  }

  /** A peer that cannot be built or does not run is told of in the report; the others are measured. */
  async #measurePeer(name: PeerName, engine: Engine, target: string, plan: Plan, observer: Observer, signal: AbortSignal): Promise<void> {
    const programs = this.#peers.get(name) as PeerPrograms | OuroborosError
    let failure = programs instanceof OuroborosError ? programs : undefined
    try {
      if (!(programs instanceof OuroborosError)) await runPeer(name, programs, engine, target, plan, observer, signal)
    } catch (error) {
      failure = this.#excuse(error, signal)
    }
    if (!failure) return
    const reason = `${failure.code}: ${failure.message}`
    this.#failures.push({ target, method: name, reason })
    this.#progress.note(`${name} is not measured: ${reason}`)
  }

  #excuse(error: unknown, signal: AbortSignal): OuroborosError {
    if (signal.aborted || !(error instanceof OuroborosError)) throw error
    return error
  }

  #note(line: string): void {
    this.#notes.push(line)
    this.#progress.note(line)
  }

  #report(interrupted: boolean): Report {
    const { prompts, tokens, temp, seed, repeat } = this.#flags
    return buildReport({
      command: this.#command,
      date: this.#date,
      settings: { prompts, max_tokens: tokens, temperature: temp, seed, repeat },
      targets: this.#targets,
      samples: this.#samples,
      failures: this.#failures,
      notes: this.#notes,
      projected: this.#hardware.flatMap((hardware) => project(this.#samples, hardware)),
      interrupted,
    })
  }

  #save(report: Report): void {
    const { json } = this.#flags
    if (json !== undefined && json !== '-') writeText(json, `${JSON.stringify(report, null, 1)}\n`)
  }

  async #print(report: Report): Promise<void> {
    const { terminal } = this.#world
    this.#save(report)
    if (this.#flags.html !== undefined) writeText(this.#flags.html, await htmlReport(report))
    if (this.#flags.json === '-') terminal.stdout.write(`${JSON.stringify(report)}\n`)
    else terminal.stdout.write(tableReport(report, picocolors.createColors(wantsColor('auto', terminal))))
  }
}

/** The command as it was typed, for whoever wants to repeat it. */
function commandLine(command: Command): string {
  const { rawArgs } = command.parent as Command & { rawArgs: readonly string[] }
  return ['ouroboros', ...rawArgs.map((word) => (/^[\w./:,=@+-]+$/.test(word) ? word : JSON.stringify(word)))].join(' ')
}
