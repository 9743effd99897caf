import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { type BuildOptions, buildKernels, type Isa, isas, works } from './build.ts'

const run = promisify(execFile)
const DRIVER = fileURLToPath(new URL('driver.cpp', import.meta.url))
const SETS = isas()
const [ARM_COMPILER, ARM_RUNNER] = ['aarch64-linux-gnu-g++', 'qemu-aarch64']

/** What the driver prints: a hash for each case. */
async function hashes(isa: Isa, options: BuildOptions = {}, ...runner: string[]): Promise<string[]> {
  const [command = '', ...rest] = [...runner, await buildKernels(isa, { main: DRIVER, ...options })]
  // Leaks cannot be looked for where a debugger is attached; the rest can.
  const { stdout } = await run(command, rest, {
    env: { ...process.env, ASAN_OPTIONS: 'detect_leaks=0', UBSAN_OPTIONS: 'print_stacktrace=1' },
  })
  return stdout.trim().split('\n')
}

describe.skipIf(SETS.length === 0)('kernels outside of this process', () => {
  it('give the same bits on each instruction set', async () => {
    const [first, ...others] = await Promise.all(SETS.map((isa) => hashes(isa)))
    expect(first?.length).toBeGreaterThan(60)
    for (const other of others) expect(other).toEqual(first)
  }, 300_000)

  it('make no step beyond their memory and nothing undefined', async () => {
    const isa = SETS.at(-1) as Isa // the others differ in registers, and compilers take long
    expect(await hashes(isa, { sanitize: true })).toEqual(await hashes(isa))
  }, 300_000)

  it.skipIf(!works(ARM_COMPILER) || !works(ARM_RUNNER))(
    'give the same bits on ARM',
    async () => {
      const arm = await hashes('dotprod', { compiler: ARM_COMPILER }, ARM_RUNNER, '-L', '/usr/aarch64-linux-gnu')
      expect(arm).toEqual(await hashes(SETS[0] as Isa))
    },
    300_000,
  )
})
