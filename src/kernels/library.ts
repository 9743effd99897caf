import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { homeFolder } from '../models/home.ts'
import { DEFAULT_PYTHON } from '../models/pip.ts'
import { build, type Limits } from './build.ts'
import { inTemporary, writableFolder } from './cache.ts'
import type { Environment } from './compile.ts'
import { type InstructionSet, instructionSetFor, type Machine } from './instruction-set.ts'
import { prebuilt } from './prebuilt.ts'
import { kernelSources } from './sources.ts'
import { rememberTrial, triedBefore, tryLibrary } from './trial.ts'

/** A kernel library for this machine, or in one line why stock kernels must do. */
export type KernelChoice = KernelLibrary | { readonly file?: undefined; readonly reason: string }

export interface KernelLibrary {
  readonly file: string
  readonly set: InstructionSet
  /** Prebuilt in the npm package; compiled on this machine by its compiler or by Zig. */
  readonly source: 'package' | 'compiled' | 'zig'
  /** Of a library compiled on this machine. */
  readonly compiler?: string
}

export interface KernelOptions {
  /** Progress and warnings, at most a few lines. */
  readonly onLine?: (line: string) => void
  /** Default: this process's. `OUROBOROS_KERNELS`, `OUROBOROS_HOME`, `CXX`, `PATH` are read. */
  readonly env?: Environment
  /** Default: this machine. */
  readonly machine?: Machine
  /** Folder of the sources; default: the package's. */
  readonly sources?: string
  /** Folder of the prebuilt libraries; default: the package's. */
  readonly prebuilt?: string
  /** Python interpreter that pip belongs to. */
  readonly python?: string
  readonly limits?: Partial<Limits>
}

const LIMITS: Limits = { compile: 120_000, trial: 10_000, download: 600_000 }

/** A folder of the package, next to `src` or `dist`. */
const inPackage = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url))

/**
 * The kernel library for this machine: prebuilt in the package, from the cache, or compiled now by `$CXX`, c++, g++, clang++ or Zig
 * (a Python wheel that pip brings), which takes seconds, once. Each library has been opened in another process before. Does not return
 * before it is done; never throws.
 *
 * `OUROBOROS_KERNELS` is `off` (stock kernels) or forces an instruction set that the processor has: `avx512`, `avxvnni`, `avx2`,
 * `dotprod`. Whether the loaded llama.cpp is one that the kernels know is not checked here.
 */
export function kernelLibrary(options: KernelOptions = {}): KernelChoice {
  try {
    return choose(options)
  } catch (error) {
    return { reason: `the kernels cannot be prepared: ${(error as Error).message}` }
  }
}

function choose(options: KernelOptions): KernelChoice {
  const { onLine = () => {}, env = process.env, python = DEFAULT_PYTHON } = options
  const set = instructionSetFor(options.machine ?? thisMachine(), env['OUROBOROS_KERNELS'])
  if (typeof set !== 'string') return set
  const limits = { ...LIMITS, ...options.limits }
  const sources = kernelSources(options.sources ?? inPackage('native'))
  const home = join(homeFolder(env), 'kernels')

  const ready = prebuilt(options.prebuilt ?? inPackage('kernels'), set, sources?.hash)
  if (ready && 'file' in ready) {
    const problem = tryPrebuilt(ready, set, home, limits.trial)
    if (!problem) return { file: ready.file, set, source: 'package' }
    onLine(`the prebuilt kernels are not used: ${problem}`)
  } else if (ready) {
    onLine(`the prebuilt kernels are not used: ${ready.reason}`)
  }
  if (!sources) return { reason: 'the package has neither kernels for this processor that work nor their sources: install it again' }
  return build(set, sources, home, { env, python, limits, onLine })
}

/** For example a system older than the one that the package was made on cannot open its libraries. */
function tryPrebuilt(ready: { file: string; sha256: string }, set: InstructionSet, home: string, timeout: number): string | undefined {
  if (triedBefore(home, ready.sha256)) return undefined
  const folder = writableFolder(home)
  if (typeof folder !== 'string') return folder.reason
  if (triedBefore(folder, ready.sha256)) return undefined
  const problem = inTemporary(folder, (temporary) => tryLibrary(ready.file, set, timeout, temporary))
  if (!problem) rememberTrial(folder, ready.sha256)
  return problem
}

function thisMachine(): Machine {
  const { platform, arch } = process
  return { platform, arch, cpuinfo: platform === 'linux' ? readFileSync('/proc/cpuinfo', 'utf8') : '' }
}
