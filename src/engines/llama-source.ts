import { existsSync } from 'node:fs'
import { mkdtemp, rename, rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { OuroborosError } from '../core/errors.ts'
import { withFileLock } from '../models/file-lock.ts'
import { ensureFolder, homeFolder } from '../models/home.ts'
import { runTool, type ToolOptions } from './tool.ts'

/** The npm package that carries llama.cpp's sources; its version is that of the prebuilt libraries. */
export const SOURCE_PACKAGE = { name: 'node-llama-cpp', version: '3.22.1', bundle: 'package/llama/gitRelease.bundle' }

export interface SourceOptions {
  /** Cache folder. Default: the user's. */
  readonly home?: string
  readonly onLine?: (line: string) => void
  readonly signal?: AbortSignal
}

/** Where the sources lie, or will. */
export function sourceFolder(home: string = homeFolder()): string {
  return join(home, 'engines', `llama.cpp-${SOURCE_PACKAGE.version}-source`)
}

/**
 * llama.cpp's sources, fetched once by npm; returns their folder. Needs npm, tar and git. Throws `E_PLATFORM` where one is missing,
 * `E_DOWNLOAD`, `E_FILE`; the signal's reason when aborted.
 */
export async function fetchLlamaSource(options: SourceOptions = {}): Promise<string> {
  const folder = sourceFolder(options.home)
  if (existsSync(folder)) return folder
  await ensureFolder(dirname(folder))
  const signal = options.signal ?? new AbortController().signal
  await withFileLock(folder, { signal, onWait: () => options.onLine?.('another process is fetching the sources') }, async (signal) => {
    if (existsSync(folder)) return
    const part = await mkdtemp(`${folder}.part-`)
    const tool: ToolOptions = { cwd: part, signal, ...(options.onLine && { onLine: options.onLine }) }
    try {
      const { name, version, bundle } = SOURCE_PACKAGE
      await runTool('npm', ['pack', `${name}@${version}`, '--silent'], tool).catch((cause) => {
        if (cause instanceof OuroborosError && cause.code === 'E_ENGINE')
          throw new OuroborosError('E_DOWNLOAD', `cannot download the package ${name} ${version}: ${cause.message}`, { cause })
        throw cause
      })
      await runTool('tar', ['-xzf', `${name}-${version}.tgz`, bundle], tool)
      await runTool('git', ['clone', '--quiet', bundle, 'source'], tool)
      await rename(join(part, 'source'), folder)
    } finally {
      await rm(part, { recursive: true, force: true })
    }
  })
  return folder
}

export interface BuildOptions {
  /** CMake targets, e.g. `llama-server`. */
  readonly targets: readonly string[]
  /** CMake options, e.g. `GGML_NATIVE: 'ON'`. */
  readonly defines: Readonly<Record<string, string>>
  /** The build's folder; what was compiled there before is not compiled again. */
  readonly folder: string
  readonly onLine?: (line: string) => void
  readonly signal?: AbortSignal
}

/** Compiles targets of `source`; returns the folder of the programs and libraries. Throws `E_PLATFORM` without cmake or a compiler, `E_ENGINE`. */
export async function cmakeBuild(source: string, options: BuildOptions): Promise<string> {
  const { targets, defines, folder } = options
  const tool: ToolOptions = { ...(options.onLine && { onLine: options.onLine }), ...(options.signal && { signal: options.signal }) }
  await ensureFolder(folder)
  const flags = Object.entries(defines).map(([name, value]) => `-D${name}=${value}`)
  await runTool('cmake', ['-S', source, '-B', folder, '-DCMAKE_BUILD_TYPE=Release', ...flags], tool).catch((cause) => {
    if (cause instanceof OuroborosError && /CMAKE_CXX_COMPILER|No CMAKE_C_COMPILER|CMAKE_MAKE_PROGRAM/.test(cause.message))
      throw new OuroborosError(
        'E_PLATFORM',
        'a C++ compiler is needed and none was found: install g++ (Debian: apt install g++ make) or clang',
        { cause },
      )
    throw cause
  })
  const jobs = String(availableParallelism())
  await runTool('cmake', ['--build', folder, '--config', 'Release', '--parallel', jobs, '--target', ...targets], tool)
  return join(folder, 'bin')
}
