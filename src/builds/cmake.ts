import { mkdir } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { OuroborosError } from '../core/errors.ts'
import type { BuildJob } from './build-folder.ts'
import { runTool } from './tool.ts'

/** CMake targets, e.g. `llama-server`, and options, e.g. `GGML_NATIVE: 'ON'`. */
export interface CmakeBuild {
  readonly source: string
  /** Where it is compiled; made. */
  readonly folder: string
  readonly targets: readonly string[]
  readonly defines: Readonly<Record<string, string>>
}

/** Compiles targets; returns the folder of the programs. Throws `E_PLATFORM` without cmake or a compiler, `E_ENGINE`; the signal's reason. */
export async function cmakeBuild({ source, folder, targets, defines }: CmakeBuild, job: BuildJob): Promise<string> {
  await mkdir(folder, { recursive: true })
  const flags = Object.entries(defines).map(([name, value]) => `-D${name}=${value}`)
  await runTool('cmake', ['-S', source, '-B', folder, '-DCMAKE_BUILD_TYPE=Release', ...flags], job).catch((cause) => {
    if (cause instanceof OuroborosError && /CMAKE_CXX_COMPILER|CMAKE_C_COMPILER|CMAKE_MAKE_PROGRAM/.test(cause.message))
      throw new OuroborosError(
        'E_PLATFORM',
        'a C++ compiler is needed and none was found: install g++ (Debian: apt install g++ make) or clang',
        { cause },
      )
    throw cause
  })
  const jobs = String(job.jobs ?? availableParallelism())
  await runTool('cmake', ['--build', folder, '--config', 'Release', '--parallel', jobs, '--target', ...targets], job)
  return join(folder, 'bin')
}

/** What cmake says of its progress, 0..100: `[ 45%] Building` or `[12/200] Building`. */
export function percentOf(line: string): number | undefined {
  const [, percent, done, total] = /^\[\s*(?:(\d+)%|(\d+)\/(\d+))\]/.exec(line) ?? []
  if (percent !== undefined) return Number(percent)
  return done === undefined ? undefined : Math.floor((100 * Number(done)) / Number(total))
}
