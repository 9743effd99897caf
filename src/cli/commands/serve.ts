import type { Command } from 'commander'
import { pino } from 'pino'
import { defaultTarget } from '../../models/catalog.ts'
import { addGenerateFlags } from '../flags/generate-flags.ts'
import { addHistoryFlags, toHistory } from '../flags/history-flags.ts'
import { addLoadFlags } from '../flags/load-flags.ts'
import { addServeFlags, type ServeFlags, toListenOptions } from '../flags/serve-flags.ts'
import { INTERRUPTED } from '../views/interrupt.ts'
import type { Terminal } from '../views/terminal.ts'
import { loadWithProgress } from './load-progress.ts'
import { processWorld, type World } from './world.ts'

/** The engine's thread ends after its native call: usually in less than a second. */
const DISPOSE_MS = 5000

/** `ouroboros serve`: an OpenAI-compatible server, until SIGTERM or Ctrl-C. */
export function registerServe(program: Command, world: World = processWorld()): void {
  const command = program.command('serve').description('an OpenAI-compatible HTTP server for many users at once, and a page to try it')
  addFlags(command).action((flags: ServeFlags) => serve(flags, world))
}

/** `ouroboros playground`: the same server, and its page in the browser. */
export function registerPlayground(program: Command, world: World = processWorld()): void {
  const command = program.command('playground').description('serve, and open the page that shows the method at work')
  addFlags(command).action((flags: ServeFlags) => serve(flags, world, (url) => openBrowser(world, url)))
}

function addFlags(command: Command): Command {
  return addGenerateFlags(addLoadFlags(addServeFlags(addHistoryFlags(command)), defaultTarget)).option(
    '--verbose',
    "the native library's log on standard error, and where failures come from",
  )
}

async function serve(flags: ServeFlags, world: World, onListening: (url: string) => void = () => {}): Promise<void> {
  const { terminal } = world
  const log = pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime }, terminal.stderr)
  const options = toListenOptions(flags, log)
  const { checkAddress, listen } = await import('../../server/listen.ts')
  await checkAddress(options)
  const engine = await loadWithProgress(world, flags, { sessions: flags.parallel ?? 4, history: toHistory(flags) })
  const server = await listen(engine, options).catch(async (error) => {
    await engine.dispose()
    throw error
  })
  terminal.stdout.write(`listening on ${server.url}\n`)
  log.info(
    { url: server.url, model: options.model, slots: engine.facts.sessions, context: engine.facts.contextLength, exact: engine.facts.exact },
    'listening',
  )
  onListening(server.url)
  await toldToStop(terminal)
  log.info({}, 'stopping')
  const ignore = terminal.onInterrupt(() => terminal.exit(INTERRUPTED)) // asked twice: at once
  await server.stop(flags.shutdownTimeout * 1000)
  const stuck = setTimeout(() => {
    log.error({}, 'a native call does not end: the process ends without it')
    terminal.exit(1)
  }, DISPOSE_MS)
  await engine.dispose()
  clearTimeout(stuck)
  ignore()
  log.info({}, 'stopped')
}

/** Ctrl-C, or the word of a service manager. */
async function toldToStop(terminal: Terminal): Promise<void> {
  const ignore: (() => void)[] = []
  await new Promise<void>((resolve) => ignore.push(terminal.onInterrupt(resolve), terminal.onTerminate(resolve)))
  for (const one of ignore) one()
}

function openBrowser(world: World, url: string): void {
  // An address that stands for all of the machine's is none to go to.
  const page = url.replace(/\/\/(0\.0\.0\.0|\[::\])/, '//127.0.0.1')
  world.open(page, () => world.terminal.stderr.write(`no browser could be opened: open ${page} yourself\n`))
}
