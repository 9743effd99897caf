import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** Room → rooms or files that it may import from; the arrow goes one way. A room is the longest of these names that a file's path begins with. */
const ARROWS: Record<string, readonly string[]> = {
  core: [],
  'core/index.ts': ['core', 'core/sampling', 'core/decoding', 'core/control', 'core/phrases', 'core/drafters'], // the list of names
  'core/sampling': ['core'],
  'core/decoding': ['core', 'core/sampling'],
  'core/control': ['core'],
  'core/phrases': ['core', 'core/control'],
  'core/drafters': ['core', 'core/sampling', 'core/control', 'core/phrases'],
  api: ['core', 'core/decoding', 'core/control', 'core/phrases'],
  grammar: ['core', 'core/sampling'],
  'text/schema': ['core', 'grammar'],
  text: ['core', 'api', 'text/schema'],
  models: ['core'],
  'worker-file.ts': [],
  store: ['core', 'core/phrases', 'api', 'worker-file.ts'],
  kernels: ['models'],
  llama: ['core', 'core/sampling', 'api', 'kernels', 'models', 'worker-file.ts'],
  probe: ['core', 'core/sampling', 'core/control', 'llama', 'models'],
  runtime: [
    'core',
    'core/sampling',
    'core/decoding',
    'core/control',
    'core/phrases',
    'core/drafters',
    'api',
    'grammar',
    'text',
    'llama',
    'probe',
    'models',
    'store',
  ],
  'index.ts': ['core', 'api', 'runtime/engine.ts', 'llama'], // the list of names
  builds: ['core', 'models'],
  server: ['core', 'api', 'text'],
  'server/playground': ['core', 'core/control', 'api', 'server/response-schemas.ts'], // runs in browsers
  'ai-sdk': ['core', 'api', 'text', 'runtime/engine.ts'], // loads a model for those who give a file
  testing: ['core', 'core/sampling', 'core/decoding', 'core/phrases', 'core/drafters', 'api', 'grammar', 'text'],
  bench: ['core', 'core/decoding', 'core/control', 'api', 'builds/peers.ts'], // the type of a peer's program
  replay: [
    'core',
    'core/sampling',
    'core/decoding',
    'core/control',
    'core/phrases',
    'api',
    'text',
    'llama',
    'bench',
    'runtime/drafter-factory.ts', // the drafters as a request gets them
    'runtime/tenant-phrases.ts',
  ],
  'cli/views': ['core', 'api', 'models', 'builds', 'bench'],
  'cli/flags': ['core', 'api', 'models', 'bench', 'builds', 'server', 'cli/views', 'text'],
  'cli/commands': [
    'core',
    'api',
    'models',
    'builds',
    'server',
    'bench',
    'runtime/engine.ts', // `load`, behind the world that tests replace
    'runtime/fast-draft.ts', // `pull` makes the fast draft
    'llama',
    'probe',
    'store',
    'replay',
    'cli/views',
    'cli/flags',
  ],
  cli: ['core', 'cli/commands', 'cli/flags', 'cli/views'],
}
const MAX_LINES = 300

const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: ROOT, encoding: 'utf8' })
  .split('\n')
  .filter((file) => file !== '' && existsSync(join(ROOT, file)))
const sources = tracked.filter((file) => /^src\/.*\.tsx?$/.test(file))
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8')
const imports = (file: string) => [...read(file).matchAll(/(?:\bfrom|\bimport\(|^import)\s*'([^']+)'/gm)].map(([, name]) => name as string)
const resolved = (file: string, name: string) => normalize(join(dirname(file), name))
const isIn = (file: string, room: string) => file === `src/${room}` || file.startsWith(`src/${room}/`)
const roomOf = (file: string) =>
  Object.keys(ARROWS)
    .filter((room) => isIn(file, room))
    .sort((a, b) => b.length - a.length)[0]

describe('boundaries', () => {
  it('imports follow the arrow', () => {
    const wrong: string[] = []
    for (const file of sources) {
      const room = roomOf(file)
      const allowed = room && ARROWS[room]
      if (!allowed) throw new Error(`no arrow is written down for the room of ${file}`)
      for (const name of imports(file)) {
        if (!name.startsWith('.')) {
          if (isIn(file, 'core') || room === 'testing') wrong.push(`${file} → ${name}`)
          continue
        }
        const target = resolved(file, name)
        const other = roomOf(target)
        const fine = other === room || allowed.some((one) => one === other || target === `src/${one}`)
        if (!fine) wrong.push(`${file} → ${target}`)
      }
    }
    expect(wrong).toEqual([])
  })

  it('files that are named by their place beside another one are there', () => {
    const missing: string[] = []
    for (const file of sources) {
      for (const [, name] of read(file).matchAll(/new URL\('([^']+)', import\.meta\.url\)/g)) {
        if (name?.includes('/dist/')) continue // made by the build
        const path = join(ROOT, resolved(file, name as string))
        // What is compiled stands at the same place as its source.
        if (!existsSync(path) && !existsSync(path.replace(/\.js$/, '.ts'))) missing.push(`${file} → ${name}`)
      }
    }
    expect(missing).toEqual([])
  })

  it('the arrows between rooms form no circle', () => {
    const above = (room: string, path: readonly string[]): void => {
      if (path.includes(room)) throw new Error(`circle of rooms: ${[...path, room].join(' → ')}`)
      for (const next of ARROWS[room] ?? []) above(next, [...path, room])
    }
    for (const room of Object.keys(ARROWS)) above(room, [])
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
      (file) => /^(src|bench|test|scripts|examples)\/.*\.(tsx?|mjs)$/.test(file) && read(file).split('\n').length > MAX_LINES,
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
