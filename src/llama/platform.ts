import { existsSync, readdirSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { OuroborosError } from '../core/errors.ts'
import { LIBRARY_VERSION } from './declarations.ts'

/** The three libraries of a build; its backends (`libggml-cpu-*`) are in the same folder. */
export interface NativeFiles {
  /** libggml-base, which the others need; then libggml and libllama. */
  readonly base: string
  readonly ggml: string
  readonly llama: string
}

/** The native packages' version, that of the npm package node-llama-cpp. */
export const PACKAGE_VERSION = '3.21.1'

/** Platform → prebuilt packages, best first; those for GPUs of other makers than Apple count if the user installed them. */
export const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  'linux-x64': ['linux-x64-cuda', 'linux-x64-vulkan', 'linux-x64'],
  'linux-arm64': ['linux-arm64'],
  'darwin-arm64': ['mac-arm64-metal'],
  'darwin-x64': ['mac-x64'],
  'win32-x64': ['win-x64-cuda', 'win-x64-vulkan', 'win-x64'],
  'win32-arm64': ['win-arm64'],
}

/**
 * The native library: `chosen` (by default `OUROBOROS_LIBRARY`), a libllama file or its folder, else the platform's package.
 * Throws E_LIBRARY, E_PLATFORM.
 */
export function nativeFiles(chosen = process.env['OUROBOROS_LIBRARY']): NativeFiles {
  if (chosen) return chosenFiles(chosen)
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
    const files = folder && filesIn(folder)
    if (files) return files
  }
  const name = `@node-llama-cpp/${packages.at(-1)}@${PACKAGE_VERSION}`
  throw new OuroborosError(
    'E_PLATFORM',
    `the native package for ${platform} is not installed: run "npm install ${name}" (npm skips optional packages with --omit=optional)`,
  )
}

/**
 * The libraries among a folder's files, by name; undefined: not all are there. Names differ by platform and build: `libllama.so`,
 * `libllama.vulkan.v0.4.0.so`, `libllama.metal.v0.4.0.dylib`, `llama.v0.4.0.dll`.
 */
export function librariesAmong(names: readonly string[]): NativeFiles | undefined {
  // The longest name says most about the build.
  const sorted = [...names].sort((a, b) => b.length - a.length)
  const [base, ggml, llama] = ['ggml-base', 'ggml', 'llama'].map((stem) => {
    const pattern = new RegExp(`^(lib)?${stem}(\\.[a-z]+)?(\\.v[\\d.]+)?\\.(so|dylib|dll)$`)
    return sorted.find((name) => pattern.test(name))
  })
  return base && ggml && llama ? { base, ggml, llama } : undefined
}

function filesIn(folder: string): NativeFiles | undefined {
  const names = librariesAmong(readdirSync(folder))
  return names && { base: join(folder, names.base), ggml: join(folder, names.ggml), llama: join(folder, names.llama) }
}

function chosenFiles(path: string): NativeFiles {
  if (!existsSync(path))
    throw new OuroborosError('E_LIBRARY', `no native library at ${path}: give a libllama v${LIBRARY_VERSION} or the folder that has it`)
  const folder = statSync(path).isDirectory() ? path : dirname(path)
  const files = filesIn(folder)
  if (!files) throw new OuroborosError('E_LIBRARY', `no libllama, libggml and libggml-base in ${folder}: give a folder that has all three`)
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
