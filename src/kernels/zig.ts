import { chmodSync, existsSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inTemporary } from './cache.ts'
import type { Compiler, Environment } from './compile.ts'
import type { Needs } from './instruction-set.ts'
import { runProgram } from './run.ts'

/** The compiler Zig as a Python wheel: for machines without a C++ compiler. */
export const ZIG_VERSION = '0.13.0'

/** SHA-256 of the Linux wheels, as Python's package client checks them. */
const WHEELS = [
  '3ce0c9f16547e5d61b32e0d226926e9a2552ef4b91fccf7ab5ea1a623a77824b', // x64
  '5714a4d46f9246ba6180a0930e23df2bc8bc26e62b5fe0dc798b4afca1903308', // arm64
]
const ZIG_SIZE = '81 MB, 340 MB on disk'

/** The glibc of the oldest systems that the libraries are for. */
const TARGETS = { x64: 'x86_64-linux-gnu.2.28', arm64: 'aarch64-linux-gnu.2.28' }

/** Whether Zig is in the cache folder `parent`. */
export function hasZig(parent: string): boolean {
  return existsSync(zigIn(parent))
}

function zigIn(parent: string): string {
  return join(parent, `zig-${ZIG_VERSION}`, 'ziglang', 'zig')
}

/** Zig in the cache folder `parent`, brought by pip if it is not there; else in one line why it cannot be had. */
export function zigCompiler(
  parent: string,
  { arch, zig: flags }: Needs,
  { python, env, timeout, onLine }: { python: string; env: Environment; timeout: number; onLine: (line: string) => void },
): Compiler | { readonly reason: string } {
  const folder = join(parent, `zig-${ZIG_VERSION}`)
  const zig = zigIn(parent)
  if (!hasZig(parent)) {
    onLine(`no C++ compiler works: getting Zig ${ZIG_VERSION} with pip (${ZIG_SIZE}, once)`)
    const problem = inTemporary(parent, (temporary) => install(python, folder, temporary, env, timeout))
    if (problem) return { reason: problem }
  }
  return {
    name: `zig ${ZIG_VERSION}`,
    command: [zig, 'c++', '-target', TARGETS[arch], '-nostdlib++'],
    ...(flags && { flags }),
    // Its own cache next to it, not in the user's home folder.
    env: { ZIG_GLOBAL_CACHE_DIR: join(folder, 'cache'), ZIG_LOCAL_CACHE_DIR: join(folder, 'cache') },
  }
}

function install(python: string, folder: string, temporary: string, env: Environment, timeout: number): string | undefined {
  const requirements = join(temporary, 'requirements.txt')
  const target = join(temporary, 'wheel')
  const hashes = WHEELS.map((hash) => `--hash=sha256:${hash}`).join(' ')
  writeFileSync(requirements, `ziglang==${ZIG_VERSION} ${hashes}\n`)
  const quiet = ['--no-input', '--progress-bar=off', '--retries=2', '--quiet', '--no-color', '--disable-pip-version-check']
  const what = [
    '--no-deps',
    '--only-binary=:all:',
    '--no-compile',
    '--no-cache-dir',
    '--require-hashes',
    '--target',
    target,
    '-r',
    requirements,
  ]
  const environment = { ...env, TMPDIR: temporary }
  const problem = runProgram([python, '-m', 'pip', 'install', ...quiet, ...what], timeout, join(temporary, 'log'), environment)
  if (problem) return `pip: ${problem.replace(/^ERROR: /, '')}`
  const zig = join(target, 'ziglang', 'zig')
  if (!existsSync(zig)) return 'pip: the wheel has no Zig in it'
  chmodSync(zig, 0o755)
  try {
    renameSync(target, folder)
  } catch (error) {
    if (!existsSync(folder)) return (error as Error).message // else another process was faster
  }
  return undefined
}
