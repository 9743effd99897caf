import { Argument, type Command } from 'commander'
import type { EngineState } from '../engines/list.ts'
import { BuildView } from './build-view.ts'
import { Interrupted, interruptible } from './interrupt.ts'
import { processTerminal, type Terminal } from './terminal.ts'
import { TransferView } from './transfer-view.ts'

/** `ouroboros engine install | build | list | remove`: the native libraries that run models. */
export function registerEngine(program: Command, terminal: Terminal = processTerminal()): void {
  const engine = program.command('engine').description('native libraries: fetch, compile, list, remove')
  engine
    .command('install')
    .description('fetch ik_llama.cpp, the faster one on x86-64 Linux processors; prints its folder')
    .action(() => install(terminal))
  engine
    .command('build')
    .description("compile an engine for this machine's processor (minutes; needs cmake and a C++ compiler); prints its folder")
    .addArgument(new Argument('[engine]', 'which one').choices(['llama', 'ik']).default('llama'))
    .action((name: 'llama' | 'ik') => build(name, terminal))
  engine
    .command('list')
    .description('the engines: versions, files, devices, and why one cannot be used')
    .option('--json', 'print one JSON object')
    .action(async ({ json }: { json?: boolean }) => {
      const { listEngines } = await import('../engines/list.ts')
      const engines = await interruptible(terminal, (signal) => listEngines(signal))
      terminal.stdout.write(`${json ? JSON.stringify({ engines }, null, 2) : engines.map(describe).join('\n')}\n`)
    })
  engine
    .command('remove')
    .description('remove an installed engine')
    .argument('<name>', 'ik, llama-native or ik-native')
    .action((name: string) => remove(name, terminal))
}

async function install(terminal: Terminal): Promise<void> {
  const { installIk } = await import('../engines/install.ts')
  const view = new TransferView(terminal.stderr)
  await deliver(
    terminal,
    (signal) => installIk({ signal, onProgress: (event) => view.show(event) }),
    () => view.end(),
  )
}

async function build(name: 'llama' | 'ik', terminal: Terminal): Promise<void> {
  const { buildEngine } = await import('../engines/build.ts')
  const view = new BuildView(terminal.stderr, name)
  const transfer = new TransferView(terminal.stderr)
  await deliver(
    terminal,
    (signal) => buildEngine(name, { signal, onProgress: (event) => transfer.show(event), onLine: (line) => view.hear(line) }),
    () => {
      view.end()
      transfer.end()
    },
  )
}

/** Makes a folder and prints its path; Ctrl-C gives up. `end` takes what shows progress from the screen. */
async function deliver(terminal: Terminal, make: (signal: AbortSignal) => Promise<string>, end: () => void): Promise<void> {
  await interruptible(terminal, async (signal) => {
    let folder: string
    try {
      folder = await make(signal)
    } catch (error) {
      if (signal.aborted) throw new Interrupted()
      throw error
    } finally {
      end()
    }
    terminal.stdout.write(`${folder}\n`)
  })
}

async function remove(name: string, terminal: Terminal): Promise<void> {
  const { removeEngine } = await import('../engines/engine-folder.ts')
  const removed = await interruptible(terminal, (signal) => removeEngine(name, signal))
  terminal.stderr.write(removed ? `${name} is removed\n` : `${name} was not installed\n`)
}

function describe({ name, path, facts, reason }: EngineState): string {
  const lines = facts
    ? [`${facts.kind === 'ik' ? 'ik_llama.cpp' : 'llama.cpp'} ${facts.version}, ${facts.devices.join(', ')}`]
    : [`- ${reason}`]
  if (path) lines.push(path)
  return lines.map((line, i) => `${(i === 0 ? name : '').padEnd(14)}${line}`).join('\n')
}
