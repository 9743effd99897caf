import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { type Built, cached, failedBefore, inTemporary, keep, LIBRARY_NAME, rememberFailure, withLock, writableFolder } from './cache.ts'
import { type Compiler, compile, type Environment, findCompilers } from './compile.ts'
import { INSTRUCTION_SETS, type InstructionSet } from './instruction-set.ts'
import type { KernelChoice } from './library.ts'
import type { KernelSources } from './sources.ts'
import { tryLibrary } from './trial.ts'
import { ZIG_VERSION, zigCompiler } from './zig.ts'

/** What Zig may take, in times of another compiler's limit. */
const ZIG_TIMES = 3

/** Longest times in milliseconds. */
export interface Limits {
  readonly compile: number
  readonly trial: number
  readonly download: number
}

export interface BuildOptions {
  readonly env: Environment
  readonly python: string
  readonly limits: Limits
  readonly onLine: (line: string) => void
}

/**
 * The library from the cache folder `home`, else compiled by the first compiler that can. The key is of everything that decides the
 * result: a new compiler, or one more, builds anew.
 */
export function build(set: InstructionSet, sources: KernelSources, home: string, options: BuildOptions): KernelChoice {
  const { limits, onLine } = options
  const compilers = findCompilers(options.env)
  const parts = [sources.hash, set, ZIG_VERSION, ...compilers.map((compiler) => compiler.identity)]
  const key = createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16)
  const kept = fromCache(join(home, key), set)
  if (kept) return kept

  const parent = writableFolder(home)
  if (typeof parent !== 'string') return parent
  const folder = join(parent, key)
  const longest = (compilers.length + ZIG_TIMES) * (limits.compile + limits.trial) + limits.download
  const onWait = () => onLine('waiting for another process that is preparing the kernels')
  return withLock(folder, longest, onWait, () => {
    const made = fromCache(folder, set)
    if (made) return made
    const before = failedBefore(folder)
    if (before) return { reason: before }
    const problems = compileWithAny(compilers, set, sources, folder, parent, options)
    const built = fromCache(folder, set)
    if (built) return built
    const reason = `the kernels could not be compiled (${problems.join('; ')}): install g++ or pip; tried again in an hour`
    rememberFailure(folder, reason)
    return { reason }
  })
}

function fromCache(folder: string, set: InstructionSet): KernelChoice | undefined {
  const built = cached(folder)
  return built && { file: join(folder, LIBRARY_NAME), set, source: built.source, compiler: built.compiler }
}

/** Leaves a library in the cache's `folder`, or returns why each way failed. */
function compileWithAny(
  compilers: readonly Compiler[],
  set: InstructionSet,
  sources: KernelSources,
  folder: string,
  parent: string,
  options: BuildOptions,
): string[] {
  const problems = compilers.length === 0 ? ['no C++ compiler is installed'] : []
  const attempt = (compiler: Compiler, source: Built['source']) => {
    options.onLine(`compiling the kernels with ${compiler.name} (seconds, once)`)
    const problem = compileInto(folder, parent, compiler, source, set, sources, options)
    if (problem) problems.push(`${compiler.name}: ${problem}`)
    return problem === undefined
  }
  if (compilers.some((compiler) => attempt(compiler, 'compiled'))) return []
  const { env, python, limits, onLine } = options
  const zig = zigCompiler(parent, INSTRUCTION_SETS[set], { env, python, timeout: limits.download, onLine })
  if ('reason' in zig) return [...problems, zig.reason]
  return attempt(zig, 'zig') ? [] : problems
}

function compileInto(
  folder: string,
  parent: string,
  compiler: Compiler,
  source: Built['source'],
  set: InstructionSet,
  sources: KernelSources,
  { env, limits }: BuildOptions,
): string | undefined {
  return inTemporary(parent, (temporary) =>
    inTemporary(parent, (result) => {
      // Zig makes its C library's parts first, and nothing comes after it.
      const timeout = source === 'zig' ? ZIG_TIMES * limits.compile : limits.compile
      const out = join(result, LIBRARY_NAME)
      const problem =
        compile(compiler, sources.files, set, { temporary, out, timeout, env }) ?? tryLibrary(out, set, limits.trial, temporary)
      if (!problem) keep(result, folder, { source, compiler: compiler.name })
      return problem
    }),
  )
}
