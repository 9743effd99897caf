import { execFile, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { COMPILER_FLAGS, INSTRUCTION_SETS, type InstructionSet } from '../../src/kernels/instruction-set.ts'
import { withFileLock } from '../../src/models/file-lock.ts'

const run = promisify(execFile)
const NATIVE = fileURLToPath(new URL('../../native', import.meta.url))
export type Isa = InstructionSet

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
  return (Object.keys(INSTRUCTION_SETS) as Isa[]).filter((isa) => INSTRUCTION_SETS[isa].processor.every((flag) => has.has(flag)))
}

/** All of native/ compiled for an instruction set: the path of the library. What was compiled from the same sources is used again. */
export async function buildKernels(isa: Isa, { sanitize = false, compiler = 'g++', main }: BuildOptions = {}): Promise<string> {
  const flags = [...COMPILER_FLAGS, ...INSTRUCTION_SETS[isa].compiler, '-Wall', '-Wextra', '-Wno-maybe-uninitialized'] // gcc's own headers
  if (sanitize) flags.push('-O0', '-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=all')
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
  for (const source of [...(main ? [main] : []), ...files.filter((file) => file.endsWith('.cpp'))]) {
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
