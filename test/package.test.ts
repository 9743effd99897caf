import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { main } from '../src/cli/program.ts'
import type { Manifest as KernelManifest } from '../src/kernels/prebuilt.ts'
import { fileHash } from '../src/kernels/sources.ts'
import { PACKAGE_VERSION, PACKAGES } from '../src/llama/platform.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8')

interface Manifest {
  version: string
  bin: Record<string, string>
  exports: Record<string, string | { types: string; default: string }>
  dependencies: Record<string, string>
  optionalDependencies: Record<string, string>
  peerDependencies: Record<string, string>
  devDependencies: Record<string, string>
}
const manifest = JSON.parse(read('package.json')) as Manifest
const { dependencies, optionalDependencies, peerDependencies, devDependencies } = manifest
const built = Object.values(manifest.exports).flatMap((entry) => (typeof entry === 'string' ? [] : [entry.types, entry.default]))
const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter((file) => /\.tsx?$/.test(file))
/** The page is bundled by the build: what it imports need not be installed with the package. */
const isBundled = (file: string) => file.replaceAll('\\', '/').startsWith('server/playground/')

/** Packages that files import. */
function imported(files: readonly string[]): Set<string> {
  const names = files.flatMap((file) =>
    [...read(join('src', file)).matchAll(/(?:\bfrom\s|\bimport\()\s*'([^'.\s][^'\s]*)'/g)].map(([, name]) => name as string),
  )
  return new Set(names.filter((name) => !name.startsWith('node:')).map((name) => /^(@[^/]+\/)?[^/]+/.exec(name)?.[0] as string))
}

describe('package.json', () => {
  it('has exact versions only', () => {
    const loose = Object.entries({ ...dependencies, ...optionalDependencies, ...peerDependencies, ...devDependencies }).filter(
      ([, v]) => !/^\d+\.\d+\.\d+$/.test(v),
    )
    expect(loose).toEqual([])
  })

  it('lists what src imports, and nothing else', () => {
    const packages = imported(sources.filter((file) => !isBundled(file)))
    expect([...packages].sort()).toEqual(Object.keys({ ...dependencies, ...peerDependencies }).sort())
    for (const name of imported(sources.filter(isBundled))) expect(Object.keys(devDependencies)).toContain(name)
  })

  it('has one version of the native library, the one that messages name', () => {
    const versions = new Set(Object.values(optionalDependencies))
    expect(versions).toEqual(new Set([PACKAGE_VERSION]))
  })

  it('brings a native library to every platform, without those for GPUs that not everybody has', () => {
    const names = Object.values(PACKAGES).map((packages) => `@node-llama-cpp/${packages.at(-1)}`)
    expect(Object.keys(optionalDependencies).sort()).toEqual(names.sort())
  })

  it('exports modules that have a source', () => {
    const missing = built.filter((file) => !existsSync(join(ROOT, file.replace('./dist/', 'src/').replace(/(\.d)?\.[jt]s$/, '.ts'))))
    expect(missing).toEqual([])
  })

  it('has the version of the changelog and of --version', async () => {
    expect(read('CHANGELOG.md')).toContain(`## ${manifest.version}`)
    expect(await main(['--version'])).toBe(0)
  })

  it('has a whole lock file: every platform of every optional package', () => {
    const { packages } = JSON.parse(read('package-lock.json')) as {
      packages: Record<string, { optionalDependencies?: Record<string, string> }>
    }
    const missing = Object.entries(packages).flatMap(([owner, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies)
        .filter((name) => !packages[`node_modules/${name}`] && !packages[`${owner}/node_modules/${name}`])
        .map((name) => `${owner || 'ouroboros-llm'}: ${name}`),
    )
    expect(missing).toEqual([])
  })
})

/** What `npm publish` would send; `npm run check` has built it. */
describe.skipIf(!existsSync(join(ROOT, 'dist/index.js')))('the built package', () => {
  it('has its modules and documents, and no tests', () => {
    const npm = ['pack', '--dry-run', '--json', '--ignore-scripts', '--loglevel=error']
    const output = execFileSync('npm', npm, {
      cwd: ROOT,
      encoding: 'utf8',
      shell: process.platform === 'win32',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const packed = output.slice(output.search(/^[[{]/m))
    const [pack] = Object.values(JSON.parse(packed) as Record<string, { files: { path: string }[]; unpackedSize: number }>)
    const files = pack?.files.map((file) => file.path) ?? []
    const wanted = [...built, ...Object.values(manifest.bin), 'README.md', 'LICENSE', 'CHANGELOG.md'].map((file) => file.replace('./', ''))
    expect(wanted.filter((file) => !files.includes(file))).toEqual([])
    expect(
      files.filter((file) => !/^dist\/|^hardware\/[\w-]+\.json$|^native\/|^kernels\/|^[A-Z]+(\.md)?$|^package\.json$/.test(file)),
    ).toEqual([])
    expect(pack?.unpackedSize).toBeLessThan(4e6) // a quarter of it are kernels
    const kernels = existsSync(join(ROOT, 'kernels')) ? readdirSync(join(ROOT, 'kernels'), { recursive: true, encoding: 'utf8' }) : []
    expect(kernels.filter((file) => /\.(so|json)$/.test(file) && !files.includes(`kernels/${file}`))).toEqual([])
  })

  it.skipIf(!existsSync(join(ROOT, 'kernels')))('has whole kernels with a manifest', () => {
    const { sourceHash, files } = JSON.parse(read('kernels/manifest.json')) as KernelManifest
    expect(sourceHash).toMatch(/^[0-9a-f]{64}$/)
    for (const { file, sha256 } of Object.values(files)) expect(fileHash(join(ROOT, 'kernels', file))).toBe(sha256)
  })

  it('can be imported by its name, and its core and testing without native code', () => {
    const script = `
      const { FakeModel } = await import('ouroboros-llm/testing')
      const { TokenTree } = await import('ouroboros-llm/core')
      if (process.report.getReport().sharedObjects.some((file) => /koffi|llama/.test(file))) throw new Error('native code is loaded')
      const { catalog } = await import('ouroboros-llm/models')
      const { load } = await import('ouroboros-llm')
      console.log(typeof FakeModel, typeof TokenTree, catalog.length > 0, typeof load)`
    const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: ROOT, encoding: 'utf8' })
    expect(output.trim()).toBe('function function true function')
  })
})
