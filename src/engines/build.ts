import { existsSync } from 'node:fs'
import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { OuroborosError } from '../core/errors.ts'
import { nativeFiles } from '../engine/platform.ts'
import { missingInstructions } from '../engine/processor.ts'
import { requireSpace } from '../models/disk-space.ts'
import { type EngineOptions, fillEngineFolder } from './engine-folder.ts'
import { widenPasses } from './ik-passes.ts'
import { fetchIkSource } from './ik-source.ts'
import { cmakeBuild, fetchLlamaSource } from './llama-source.ts'

export type BuildableEngine = 'llama' | 'ik'

export interface EngineBuildOptions extends EngineOptions {
  /** What the tools write; `percentOf` reads how far they are. */
  readonly onLine?: (line: string) => void
}

/** Sources, objects and libraries of one engine. */
const NEEDED_BYTES = 1.2e9

const DEFINES: Readonly<Record<BuildableEngine, Readonly<Record<string, string>>>> = {
  llama: { LLAMA_BUILD_COMMON: 'OFF', LLAMA_BUILD_TOOLS: 'OFF', LLAMA_CURL: 'OFF', LLAMA_OPENSSL: 'OFF' },
  ik: {},
}

/**
 * Compiles an engine for this machine's processor unless that was done; returns its folder. Minutes. Throws E_PLATFORM where a tool is
 * missing, E_ENGINE where it fails, E_DOWNLOAD, E_CHECKSUM, E_SPACE, E_LIBRARY; the signal's reason when aborted.
 */
export async function buildEngine(engine: BuildableEngine, options: EngineBuildOptions = {}): Promise<string> {
  const name = `${engine}-native` as const
  const missing = engine === 'ik' ? missingInstructions() : []
  if (missing.length > 0) throw new OuroborosError('E_PLATFORM', `ik_llama.cpp needs a processor with ${missing.join(', ')}`)
  return await fillEngineFolder(
    name,
    () => isThere(name),
    options,
    async (folder, signal) => {
      await requireSpace(folder, NEEDED_BYTES)
      const work = dirname(folder)
      const shared = { ...options, signal }
      const source = engine === 'llama' ? await fetchLlamaSource(shared) : await fetchIkSource(join(work, 'source'), shared)
      if (engine === 'ik') await widenPasses(source)
      const build = join(work, 'build')
      await mkdir(build)
      const suffix = join(build, 'suffix.cmake')
      await writeFile(suffix, suffixScript(`${engine}native`))
      const defines = {
        GGML_NATIVE: 'ON',
        BUILD_SHARED_LIBS: 'ON',
        LLAMA_BUILD_TESTS: 'OFF',
        LLAMA_BUILD_EXAMPLES: 'OFF',
        LLAMA_BUILD_SERVER: 'OFF',
        // The libraries find each other wherever their folder lies.
        CMAKE_BUILD_WITH_INSTALL_RPATH: 'ON',
        CMAKE_INSTALL_RPATH: process.platform === 'darwin' ? '@loader_path' : '$ORIGIN',
        // Names of their own: the loader takes one that is loaded already for another of the same name.
        CMAKE_PROJECT_INCLUDE: suffix,
        CMAKE_C_FLAGS: '-w',
        CMAKE_CXX_FLAGS: '-w',
        ...DEFINES[engine],
      }
      await cmakeBuild(source, { targets: ['llama'], defines, folder: build, signal, ...(options.onLine && { onLine: options.onLine }) })
      await copyLibraries(build, folder)
      await rm(build, { recursive: true, force: true })
    },
  )
}

/** Read after each of the sources' projects. */
function suffixScript(word: string): string {
  return `if(NOT CMAKE_SHARED_LIBRARY_SUFFIX MATCHES "${word}")
  set(CMAKE_SHARED_LIBRARY_SUFFIX ".${word}\${CMAKE_SHARED_LIBRARY_SUFFIX}")
endif()
`
}

/** What cmake says of its progress, 0..100: `[ 45%] Building` or `[12/200] Building`. */
export function percentOf(line: string): number | undefined {
  const [, percent, done, total] = /^\[\s*(?:(\d+)%|(\d+)\/(\d+))\]/.exec(line) ?? []
  if (percent !== undefined) return Number(percent)
  return done === undefined ? undefined : Math.floor((100 * Number(done)) / Number(total))
}

/** libllama, libggml and what they consist of; links stay links. */
async function copyLibraries(build: string, folder: string): Promise<void> {
  const files = (await readdir(build, { recursive: true })).filter((file) =>
    /^(lib)?(llama|ggml)[^/\\]*\.(so|dylib|dll)/.test(basename(file)),
  )
  for (const file of files) await cp(join(build, file), join(folder, basename(file)), { verbatimSymlinks: true })
}

function isThere(name: 'llama-native' | 'ik-native'): boolean {
  try {
    return existsSync(nativeFiles(name).llama)
  } catch {
    return false
  }
}
