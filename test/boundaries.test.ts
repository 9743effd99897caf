import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** Room → rooms or files that it may import from. The arrow goes one way. */
const ARROWS: Record<string, readonly string[]> = {
  core: [],
  testing: [
    'core',
    'engine/api.ts',
    'engine/aborted-result.ts',
    'engine/generation-channel.ts',
    'engine/json-schema.ts',
    'engine/request-schema.ts',
  ],
  models: ['core'],
  engine: ['core', 'models', 'kernels'],
  kernels: ['core', 'models'],
  builds: ['core', 'models'],
  index: ['core', 'engine/api.ts', 'engine/handle.ts', 'engine/devices.ts', 'engine/quantize.ts'],
  server: ['core', 'engine/api.ts', 'engine/tool-grammar.ts', 'engine/tool-call-stream.ts'],
  'ai-sdk': ['core', 'engine/api.ts', 'engine/handle.ts', 'engine/tool-grammar.ts', 'engine/tool-call-stream.ts'],
  bench: ['core', 'engine/api.ts', 'builds/peers.ts'],
  cli: [
    'core',
    'bench',
    'builds',
    'models',
    'server',
    'engine/api.ts',
    'engine/handle.ts',
    'engine/devices.ts',
    'engine/quantize.ts',
    'engine/fast-draft.ts',
    'engine/pass-table.ts',
  ],
}
const MAX_LINES = 300

const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: ROOT, encoding: 'utf8' })
  .split('\n')
  .filter((file) => file !== '' && existsSync(join(ROOT, file)))
const sources = tracked.filter((file) => /^src\/.*\.ts$/.test(file))
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8')
const imports = (file: string) => [...read(file).matchAll(/(?:\bfrom|\bimport\(|^import)\s*'([^']+)'/gm)].map(([, name]) => name as string)
const resolved = (file: string, name: string) => normalize(join(dirname(file), name))
const roomOf = (file: string) => (file === 'src/index.ts' ? 'index' : (file.split('/')[1] as string))

describe('boundaries', () => {
  it('imports follow the arrow', () => {
    const wrong: string[] = []
    for (const file of sources) {
      const allowed = ARROWS[roomOf(file)]
      if (!allowed) throw new Error(`no arrow is written down for the room of ${file}`)
      for (const name of imports(file)) {
        if (!name.startsWith('.')) {
          if (roomOf(file) === 'core' || roomOf(file) === 'testing') wrong.push(`${file} → ${name}`)
          continue
        }
        const target = resolved(file, name)
        const fine = roomOf(target) === roomOf(file) || allowed.some((one) => target === `src/${one}` || target.startsWith(`src/${one}/`))
        if (!fine) wrong.push(`${file} → ${target}`)
      }
    }
    expect(wrong).toEqual([])
  })

  it('no file imports itself in a circle at run time', () => {
    const graph = new Map(
      sources.map((file) => {
        const text = read(file)
        // Imports of types alone are gone at run time.
        const names = [...text.matchAll(/^(?:import|export) (?!type )[^']*from\s*'(\.[^']+)'/gm)].map(([, name]) =>
          resolved(file, name as string),
        )
        return [file, names] as const
      }),
    )
    const done = new Set<string>()
    const visit = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) throw new Error(`circle: ${[...path.slice(path.indexOf(file)), file].join(' → ')}`)
      if (done.has(file)) return
      for (const next of graph.get(file) ?? []) visit(next, [...path, file])
      done.add(file)
    }
    for (const file of sources) visit(file, [])
  })

  it(`no source file is over ${MAX_LINES} lines`, () => {
    const long = tracked.filter(
      (file) => /^(src|bench|test|scripts|examples)\/.*\.(ts|mjs)$/.test(file) && read(file).split('\n').length > MAX_LINES,
    )
    expect(long).toEqual([])
  })

  it('no path of a machine and no registry address is in the tree', () => {
    const written = tracked.filter((file) => !/\.(gguf|png|svg)$/.test(file) && file !== 'test/boundaries.test.ts')
    const machine = /(?<![\w.~*])\/(?:home|Users|root|work)\/[\w.]/
    const registry = /https?:\/\/[\w.-]*(?:registry|npmjs|pypi|pythonhosted)/
    expect(written.filter((file) => machine.test(read(file)) || registry.test(read(file)))).toEqual([])
  })
})
