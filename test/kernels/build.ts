import { execFile, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { withFileLock } from '../../src/models/file-lock.ts'

const run = promisify(execFile)
const NATIVE = fileURLToPath(new URL('../../native', import.meta.url))
const AVX2 = ['-mavx2', '-mfma', '-mf16c']

/** Instruction sets: their compiler flags, and what /proc/cpuinfo calls what they need. */
const SETS = {
  avx2: { flags: AVX2, needs: ['avx2', 'fma', 'f16c'] },
  avxvnni: { flags: [...AVX2, '-mavxvnni'], needs: ['avx2', 'fma', 'f16c', 'avx_vnni'] },
  avx512: {
    flags: [...AVX2, '-mavx512f', '-mavx512bw', '-mavx512vl', '-mavx512dq', '-mavx512vnni'],
    needs: ['avx2', 'fma', 'f16c', 'avx512f', 'avx512bw', 'avx512vl', 'avx512dq', 'avx512_vnni'],
  },
  dotprod: { flags: ['-march=armv8.2-a+dotprod+fp16'], needs: ['asimddp', 'asimdhp'] },
} as const
export type Isa = keyof typeof SETS

export interface BuildOptions {
  /** Address and undefined-behavior sanitizers. */
  sanitize?: boolean
  compiler?: string
  /** An executable of the kernels and this file instead of a library. */
  main?: string
}

/** Whether a command is there and runs. */
export function works(command: string): boolean {
  return spawnSync(command, ['--version']).status === 0
}

/** The instruction sets that this computer runs and has a compiler for: none without g++. */
export function isas(): Isa[] {
  if (!existsSync('/proc/cpuinfo') || !works('g++')) return []
  const has = new Set(/^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1]?.trim().split(' '))
  return (Object.keys(SETS) as Isa[]).filter((isa) => SETS[isa].needs.every((flag) => has.has(flag)))
}

/** All of native/ compiled for an instruction set: the path of the library. What was compiled from the same sources is used again. */
export async function buildKernels(isa: Isa, { sanitize = false, compiler = 'g++', main }: BuildOptions = {}): Promise<string> {
  const speed = sanitize ? ['-O1', '-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'] : ['-O3']
  const flags = [...speed, ...'-std=c++17 -fPIC -fno-exceptions -fno-rtti -fno-threadsafe-statics -ffp-contract=off'.split(' ')]
  flags.push('-fno-math-errno', '-fvisibility=hidden', '-pthread', '-Wall', '-Wextra', ...SETS[isa].flags)
  const files = readdirSync(NATIVE).map((name) => join(NATIVE, name))
  const headers = files.filter((file) => file.endsWith('.h')).map((file) => readFileSync(file))
  const cache = join(tmpdir(), `ouroboros-kernels-${process.getuid?.() ?? ''}`)
  mkdirSync(cache, { recursive: true })

  /** A file that one process makes while others wait. */
  async function made(name: string, make: (out: string) => Promise<unknown>): Promise<string> {
    const path = join(cache, name)
    const { signal } = new AbortController()
    return withFileLock(path, { signal, onWait() {} }, async () => {
      if (existsSync(path)) return path
      await make(`${path}.part`)
      renameSync(`${path}.part`, path)
      return path
    })
  }

  const objects: string[] = []
  for (const source of [...files.filter((file) => file.endsWith('.cpp')), ...(main ? [main] : [])]) {
    const hash = digest(compiler, ...flags, ...headers, readFileSync(source))
    objects.push(await made(`${hash}-${basename(source)}.o`, (out) => run(compiler, [...flags, '-c', source, '-o', out])))
  }
  const name = `${digest(compiler, ...flags, ...objects)}-${isa}${main ? '' : '.so'}`
  return made(name, (out) => run(compiler, [...flags, ...(main ? [] : ['-shared']), ...objects, '-ldl', '-o', out]))
}

function digest(...parts: (string | Buffer)[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(`${part.length}:`).update(part)
  return hash.digest('hex').slice(0, 16)
}
