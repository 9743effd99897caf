import { existsSync, readdirSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { OuroborosError } from '../core/errors.ts'
import { homeFolder } from '../models/home.ts'
import { IK_WHEEL } from './ik-declarations.ts'
import { LIBRARY_VERSION } from './llama-declarations.ts'
import { ikObstacle } from './processor.ts'

/** Where the native files of one build lie. */
export interface NativeFiles {
  /** Folder with the backends (`libggml-cpu-*`). */
  readonly folder: string
  readonly llama: string
  readonly ggml: string
  /** Libraries that these two need and that lie beside them. */
  readonly needs: readonly string[]
}

/** Platform → prebuilt packages, best first; GPU packages count if the user installed them. Tested: linux-x64. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  'linux-x64': ['linux-x64-cuda', 'linux-x64-vulkan', 'linux-x64'],
  'linux-arm64': ['linux-arm64'],
  'darwin-arm64': ['mac-arm64-metal'],
  'darwin-x64': ['mac-x64'],
  'win32-x64': ['win-x64-cuda', 'win-x64-vulkan', 'win-x64'],
  'win32-arm64': ['win-arm64'],
}

/** Engines by name, besides `llama`: their folder below the home folder, and how to get them. */
const FOLDERS = {
  ik: { folder: `ik-${IK_WHEEL.version}`, by: 'ouroboros engine install' },
  'llama-native': { folder: `llama-native-${LIBRARY_VERSION}`, by: 'ouroboros engine build llama' },
  'ik-native': { folder: `ik-native-${IK_WHEEL.version}-wide`, by: 'ouroboros engine build ik' },
} as const

/** An engine that is installed into a folder of its own. */
export type FolderEngine = keyof typeof FOLDERS

/** All names that `nativeFiles` knows: the prebuilt libraries, and those compiled for this processor. */
export const ENGINES: readonly ('llama' | FolderEngine)[] = ['llama', 'ik', 'llama-native', 'ik-native']

/** Where an engine is, or will be once installed. */
export function engineFolder(engine: FolderEngine): string {
  return join(homeFolder(), 'engines', FOLDERS[engine].folder)
}

/** Where `ouroboros engine install` puts ik_llama.cpp. */
export function ikFolder(): string {
  return engineFolder('ik')
}

/** Names of the engines that can be used on this machine, as far as their files tell: nothing is loaded. */
export function installedEngines(): string[] {
  return ENGINES.filter((engine) => {
    if (engine === 'ik' && ikObstacle() !== undefined) return false
    try {
      return nativeFiles(engine) !== undefined
    } catch {
      return false
    }
  })
}

/**
 * The native library of an engine: `llama` is `OUROBOROS_LIBRARY` (a libllama file or its folder) or the platform's package; the others
 * are what `engine install` has fetched or `engine build` has made; else a libllama file or its folder. Throws E_LIBRARY, E_PLATFORM.
 */
export function nativeFiles(engine = 'llama', chosen = process.env['OUROBOROS_LIBRARY']): NativeFiles {
  if (isFolderEngine(engine)) {
    const folder = engineFolder(engine)
    const files = existsSync(folder) ? findIn(folder) : undefined
    if (files) return files
    const obstacle = engine === 'ik' ? ikObstacle() : undefined
    if (obstacle) throw new OuroborosError('E_PLATFORM', `ik_llama.cpp cannot be used here: ${obstacle}; use --engine llama`)
    throw new OuroborosError('E_LIBRARY', `the engine ${engine} is not installed: run "${FOLDERS[engine].by}", or use --engine llama`)
  }
  if (engine !== 'llama') return chosenFiles(engine, '--engine')
  if (chosen) return chosenFiles(chosen, 'OUROBOROS_LIBRARY')
  const platform = `${process.platform}-${process.arch}`
  const packages = PACKAGES[platform]
  if (!packages) {
    throw new OuroborosError(
      'E_PLATFORM',
      `no native library for ${platform}: supported are ${Object.keys(PACKAGES).join(', ')}; or set OUROBOROS_LIBRARY to a libllama v${LIBRARY_VERSION}`,
    )
  }
  for (const name of packages) {
    const folder = packageFolder(name)
    const files = folder && findIn(folder)
    if (files) return files
  }
  throw new OuroborosError(
    'E_PLATFORM',
    `the native package for ${platform} is not installed: run "npm install @node-llama-cpp/${packages.at(-1)}@3.22.1" (npm skips optional packages with --omit=optional)`,
  )
}

/** Whether `engine` is the name of one that has a folder of its own. */
export function isFolderEngine(engine: string): engine is FolderEngine {
  return Object.hasOwn(FOLDERS, engine)
}

function chosenFiles(path: string, by: string): NativeFiles {
  if (!existsSync(path)) {
    const names = by === '--engine' ? ` (names are ${ENGINES.join(', ')})` : ''
    throw new OuroborosError('E_LIBRARY', `${by} does not exist: received ${path}${names}`)
  }
  const folder = statSync(path).isDirectory() ? path : dirname(path)
  const files = findIn(folder)
  if (!files) throw new OuroborosError('E_LIBRARY', `no libllama and libggml in ${folder}: set ${by} to a folder that has both`)
  return folder === path ? files : { ...files, llama: path }
}

function packageFolder(name: string): string | undefined {
  const require = createRequire(import.meta.url)
  const id = `@node-llama-cpp/${name}`
  for (const root of require.resolve.paths(id) ?? []) {
    const folder = join(root, id, 'bins', name)
    if (existsSync(folder)) return folder
  }
  return undefined
}

/** Names differ by build: `libllama.so`, `libllama.v0.5.0.so`, `libllama.vulkan.v0.5.0.so`, `llama.dll`. */
function findIn(folder: string): NativeFiles | undefined {
  const names = readdirSync(folder).sort((a, b) => b.length - a.length)
  const library = (stem: string) =>
    names.find((name) => new RegExp(`^(lib)?${stem}(-[0-9a-f]{8})?(\\.[a-z]+)?(\\.v[\\d.]+)?\\.(so|dylib|dll)$`).test(basename(name)))
  const llama = library('llama')
  const ggml = library('ggml')
  const needs = names.filter((name) => name.startsWith('libgomp')).map((name) => join(folder, name))
  return llama && ggml ? { folder, llama: join(folder, llama), ggml: join(folder, ggml), needs } : undefined
}
