import type { Command } from 'commander'
import { pino } from 'pino'
import { defaultTarget } from '../../models/catalog.ts'
import { addGenerateFlags } from '../flags/generate-flags.ts'
import { addLoadFlags } from '../flags/load-flags.ts'
import { addServeFlags, type ServeFlags, toListenOptions } from '../flags/serve-flags.ts'
import { INTERRUPTED } from '../views/interrupt.ts'
import type { Terminal } from '../views/terminal.ts'
import { loadWithProgress } from './load-progress.ts'
import { processWorld, type World } from './world.ts'

/** `ouroboros serve`: an OpenAI-compatible server, until SIGTERM or Ctrl-C. */
export function registerServe(program: Command, world: World = processWorld()): void {
  const command = program.command('serve').description('an OpenAI-compatible HTTP server for many users at once')
  addGenerateFlags(addLoadFlags(addServeFlags(command), defaultTarget))
  command.option('--verbose', "the native library's log on standard error, and where failures come from")
  command.action((flags: ServeFlags) => serve(flags, world))
}

async function serve(flags: ServeFlags, world: World): Promise<void> {
  const { terminal } = world
  const log = pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime }, terminal.stderr)
  const options = toListenOptions(flags, log)
  const { listen } = await import('../../server/listen.ts')
  await using engine = await loadWithProgress(world, flags, { sessions: flags.parallel ?? 4 })
  const server = await listen(engine, options)
  terminal.stdout.write(`listening on ${server.url}\n`)
  log.info(
    { url: server.url, model: options.model, slots: engine.facts.sessions, context: engine.facts.contextLength, exact: engine.facts.exact },
    'listening',
  )
  await toldToStop(terminal)
  log.info({}, 'stopping')
  const ignore = terminal.onInterrupt(() => terminal.exit(INTERRUPTED)) // asked twice: at once
  await server.stop(flags.shutdownTimeout * 1000)
  ignore()
  log.info({}, 'stopped')
}

/** Ctrl-C, or the word of a service manager. */
async function toldToStop(terminal: Terminal): Promise<void> {
  const ignore: (() => void)[] = []
  await new Promise<void>((resolve) => ignore.push(terminal.onInterrupt(resolve), terminal.onTerminate(resolve)))
  for (const one of ignore) one()
}
