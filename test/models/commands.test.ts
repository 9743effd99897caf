import { mkdir, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import { afterEach, expect, test, vi } from 'vitest'
import { registerInspect } from '../../src/cli/commands/inspect.ts'
import { registerModels } from '../../src/cli/commands/models.ts'
import { registerPull } from '../../src/cli/commands/pull.ts'
import type { Terminal } from '../../src/cli/views/terminal.ts'
import { TransferView } from '../../src/cli/views/transfer-view.ts'
import { formatBytes, formatSeconds } from '../../src/cli/views/units.ts'
import { findEntry } from '../../src/models/catalog.ts'
import { tempFolder } from './temp-folder.ts'

const golden = (name: string): string => fileURLToPath(new URL(`../golden/${name}.gguf`, import.meta.url))

afterEach(() => vi.unstubAllEnvs())

/** Runs one command; what it wrote on standard output. */
async function output(register: (program: Command, terminal: Terminal) => void, ...words: string[]): Promise<string> {
  const stdout = new PassThrough()
  const program = new Command().exitOverride()
  register(program, {
    stdin: new PassThrough(),
    stdout,
    stderr: new PassThrough(),
    env: {},
    onInterrupt: () => () => {},
    onTerminate: () => () => {},
    exit: () => {},
  })
  await program.parseAsync(words, { from: 'user' })
  return String(stdout.read())
}

test('inspect prints facts, for two files also the pairing, as text and as JSON', async () => {
  expect(await output(registerInspect, 'inspect', golden('target'))).toMatch(
    /architecture +llama, 2 layers of width 64\n.*tensors +F32 21 \(411 kB\)/s,
  )
  expect(await output(registerInspect, 'inspect', golden('target'), golden('draft'))).toMatch(/can be paired\n$/)
  const report = JSON.parse(await output(registerInspect, 'inspect', '--json', golden('target'), golden('draft')))
  expect(report).toMatchObject({ models: [{ architecture: 'llama' }, { architecture: 'llama' }], pairing: { paired: true, reasons: [] } })
})

test('models lists what can be had, what is there and what is half there', async () => {
  const home = await tempFolder()
  vi.stubEnv('OUROBOROS_HOME', home)
  const folder = join(home, 'models')
  await mkdir(folder)
  const { file = '', bytes = 0 } = findEntry('smollm2-135m') ?? {}
  await writeFile(join(folder, `${file}.partial`), '')
  await truncate(join(folder, `${file}.partial`), bytes / 2)
  await writeFile(join(folder, 'mine.gguf'), 'x')
  const text = await output(registerModels, 'models')
  expect(text).toMatch(/qwen2.5-coder-1.5b +absent +1.12 GB +qwen2.5-coder-0.5b/)
  expect(text).toMatch(/smollm2-135m +partial \(50%\) +98.4 MB/)
  expect(text).toMatch(/qwen3-8b +absent +- +qwen3-0.6b +Qwen3\n/)
  expect(text).toMatch(/- +ready +1 B +- +mine.gguf/)
  expect(JSON.parse(await output(registerModels, 'models', '--json'))).toMatchObject({
    folder,
    models: expect.arrayContaining([expect.objectContaining({ id: 'smollm2-135m', state: 'partial', bytes: bytes / 2 })]),
  })
})

test('pull prints the path of what is there already', async () => {
  const home = await tempFolder()
  vi.stubEnv('OUROBOROS_HOME', home)
  const { file = '', bytes = 0 } = findEntry('smollm2-135m') ?? {}
  await mkdir(join(home, 'models'))
  await writeFile(join(home, 'models', file), '')
  await truncate(join(home, 'models', file), bytes)
  expect(await output(registerPull, 'pull', 'smollm2-135m')).toBe(`${join(home, 'models', file)}\n`)
  await expect(output(registerPull, 'pull', 'nothing')).rejects.toMatchObject({ code: 'E_USAGE' })
})

test('TransferView writes a line now and then when there is no terminal', () => {
  const stream = new PassThrough()
  const view = new TransferView(stream)
  const event = { phase: 'download', file: 'a.gguf', source: 'hub', total: 4_000_000, rate: 1_000_000, eta: 3 } as const
  for (const bytes of [1_000_000, 2_000_000, 3_000_000]) view.show({ ...event, bytes })
  view.show({ ...event, bytes: 4_000_000, eta: 0 })
  expect(String(stream.read()).split('\n')).toEqual([
    'a.gguf from hub: 1.00 MB of 4.00 MB, 1.00 MB/s, 3 s left',
    'a.gguf from hub: 4.00 MB of 4.00 MB, 1.00 MB/s',
    '',
  ])
})

test('units', () => {
  expect([0, 999, 1000, 999_700, 1_117_320_768].map(formatBytes)).toEqual(['0 B', '999 B', '1.00 kB', '1.00 MB', '1.12 GB'])
  expect([0.2, 59, 61, 3700].map(formatSeconds)).toEqual(['1 s', '59 s', '1 min 1 s', '1 h 1 min'])
})
