import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

const FLAGS = '-O3 -std=c++17 -fPIC -shared -fvisibility=hidden -fno-exceptions -fno-rtti -ffp-contract=off -fno-math-errno -pthread'.split(
  ' ',
)
const AVX2 = ['-mavx2', '-mfma', '-mf16c']

/** Instruction sets with their compiler flags and what /proc/cpuinfo calls them. */
const SETS = {
  avx2: { flags: AVX2, needs: ['avx2', 'fma', 'f16c'] },
  avxvnni: { flags: [...AVX2, '-mavxvnni'], needs: ['avx2', 'fma', 'f16c', 'avx_vnni'] },
  avx512: {
    flags: [...AVX2, '-mavx512f', '-mavx512bw', '-mavx512vl', '-mavx512dq', '-mavx512vnni'],
    needs: ['avx2', 'fma', 'f16c', 'avx512f', 'avx512bw', 'avx512vl', 'avx512dq', 'avx512_vnni'],
  },
  dotprod: { flags: ['-march=armv8.2-a+dotprod+fp16'], needs: ['asimddp', 'asimdhp'] },
}

/** Compiles files of native/ for each instruction set that this processor has: its name → a library. */
export async function compileForEach(sources: readonly string[]): Promise<Map<string, string>> {
  const folder = mkdtempSync(join(tmpdir(), 'ouroboros-kernels-'))
  const cpu = existsSync('/proc/cpuinfo') ? readFileSync('/proc/cpuinfo', 'utf8') : ''
  const has = new Set(/^(?:flags|Features)\s*:(.*)$/m.exec(cpu)?.[1]?.trim().split(' '))
  const sets = Object.entries(SETS).filter(([, { needs }]) => needs.every((flag) => has.has(flag)))
  const compiled = sets.map(async ([name, { flags }]): Promise<[string, string]> => {
    const library = join(folder, `${name}.so`)
    await run('g++', [...FLAGS, ...flags, ...sources.map((source) => join('native', source)), '-o', library])
    return [name, library]
  })
  return new Map(await Promise.all(compiled))
}
