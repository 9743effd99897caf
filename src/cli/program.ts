import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { processWorld, type World } from './commands/world.ts'
import { explain } from './fail.ts'
import { rewriteFlags } from './flags/flags.ts'

/** Commands and where they live; only the one that is called is imported. */
const COMMANDS: Readonly<Record<string, (program: Command, world: World) => Promise<void>>> = {
  run: async (program, world) => (await import('./commands/run.ts')).registerRun(program, world),
  serve: async (program, world) => (await import('./commands/serve.ts')).registerServe(program, world),
  playground: async (program, world) => (await import('./commands/serve.ts')).registerPlayground(program, world),
  calibrate: async (program, world) => (await import('./commands/calibrate.ts')).registerCalibrate(program, world),
  bench: async (program, world) => (await import('./commands/bench.ts')).registerBench(program, world),
  pull: async (program) => (await import('./commands/pull.ts')).registerPull(program),
  models: async (program) => (await import('./commands/models.ts')).registerModels(program),
  phrases: async (program, world) => (await import('./commands/phrases.ts')).registerPhrases(program, world),
  inspect: async (program) => (await import('./commands/inspect.ts')).registerInspect(program),
  trace: async (program, world) => (await import('./commands/trace.ts')).registerTrace(program, world),
  quantize: async (program) => (await import('./commands/quantize.ts')).registerQuantize(program),
}

/** Runs one command line (without node and script); returns the exit code. Failures are one line on standard error. */
export async function main(argv: readonly string[], world: World = processWorld()): Promise<number> {
  const { stderr } = world.terminal
  const args = rewriteFlags(argv, (line) => stderr.write(`warning: ${line}\n`))
  try {
    const program = await buildProgram(args, world)
    await program.parseAsync(args.length === 0 ? ['--help'] : args, { from: 'user' })
    return 0
  } catch (error) {
    const failure = explain(error)
    const command = Object.hasOwn(COMMANDS, args[0] ?? '') ? ` ${args[0]}` : ''
    if (failure.line !== '') stderr.write(`ouroboros: ${failure.line}${failure.code === 2 ? `; see ouroboros${command} --help` : ''}\n`)
    if (failure.code === 1 && args.includes('--verbose') && error instanceof Error) stderr.write(`${error.stack}\n`)
    return failure.code
  }
}

async function buildProgram(args: readonly string[], world: World): Promise<Command> {
  const { stdout, stderr } = world.terminal
  const program = new Command('ouroboros')
    .description('Lossless faster text generation: a small model writes ahead, phrase by phrase, and the large one checks.')
    .version(version())
    .enablePositionalOptions() // subcommands of commands have options of their own
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      writeErr: (text) => void stderr.write(text),
      // The line is written where all failures are.
      outputError: () => {},
    })
  const called = COMMANDS[args[0] ?? '']
  for (const register of called ? [called] : Object.values(COMMANDS)) await register(program, world)
  for (const command of program.commands) {
    if (!command.options.some((option) => option.long === '--verbose')) command.option('--verbose', 'where failures come from')
  }
  return program
}

function version(): string {
  return (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }).version
}
