import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { cmakeBuild, percentOf } from '../../src/builds/cmake.ts'
import { buildPeer, type Recipe } from '../../src/builds/peers.ts'
import { runTool } from '../../src/builds/tool.ts'
import { tempFolder } from '../models/temp-folder.ts'
import { fakeTools } from './tools.ts'

const tool = fakeTools()
let home: string
beforeEach(async () => {
  home = await tempFolder()
})

const RECIPE: Recipe = {
  version: '1',
  targets: ['llama-server', 'llama-lookahead'],
  defines: { GGML_NATIVE: 'ON' },
  fetch: async (part) => part,
}
/** Compiles by writing what would be compiled. */
const COMPILED = 'mkdir -p "$2/bin"; touch "$2/bin/llama-server" "$2/bin/llama-lookahead"'

/** A cmake that notes how it is called; `compile` is its shell script for the build. */
function cmake(compile: string): () => string {
  const called = join(home, 'called')
  writeFileSync(called, '')
  tool('cmake', `echo "$@" >> '${called}'\ncase "$1" in --build) ${compile};; esac`)
  return () => readFileSync(called, 'utf8')
}

const left = () => (existsSync(join(home, 'builds')) ? readdirSync(join(home, 'builds')) : [])

describe.skipIf(process.platform === 'win32')('a peer', () => {
  it('is compiled for this processor, once; its programs stay, nothing else', async () => {
    const called = cmake(`echo "[ 50%] Building"; ${COMPILED}`)
    const lines: string[] = []
    const options = { home, jobs: 1, onLine: (line: string) => lines.push(line) }
    const programs = await buildPeer('llama.cpp', options, RECIPE)
    expect(programs).toEqual({
      server: join(home, 'builds', 'llama.cpp-1', 'llama-server'),
      lookahead: join(home, 'builds', 'llama.cpp-1', 'llama-lookahead'),
    })
    expect(Object.values(programs).every(existsSync)).toBe(true)
    expect(called()).toMatch(
      /-DCMAKE_BUILD_TYPE=Release -DGGML_NATIVE=ON\n--build .* --parallel 1 --target llama-server llama-lookahead\n$/,
    )
    expect(lines).toContain('[ 50%] Building')
    expect(left()).toEqual(['llama.cpp-1'])
    const before = called()
    expect(await buildPeer('llama.cpp', options, RECIPE)).toEqual(programs)
    expect(called()).toBe(before)
  })

  it('two at once compile once', async () => {
    const called = cmake(COMPILED)
    const [one, two] = await Promise.all([buildPeer('llama.cpp', { home }, RECIPE), buildPeer('llama.cpp', { home }, RECIPE)])
    expect(one).toEqual(two)
    expect(called().match(/--build/g)).toHaveLength(1)
  })

  it('what a killed build has left is removed', async () => {
    cmake(COMPILED)
    mkdirSync(join(home, 'builds', 'llama.cpp-1.part-killed'), { recursive: true })
    await buildPeer('llama.cpp', { home }, RECIPE)
    expect(left()).toEqual(['llama.cpp-1'])
  })

  it('a compiler that fails is quoted, and leaves nothing', async () => {
    cmake('echo "error: no such header"; exit 2')
    await expect(buildPeer('ik_llama.cpp', { home }, RECIPE)).rejects.toMatchObject({
      code: 'E_ENGINE',
      message: expect.stringMatching(/no such header/),
    })
    expect(left()).toEqual([])
  })

  it('is given up when the signal says so, and leaves nothing', async () => {
    cmake('sleep 60')
    const options = { home, signal: AbortSignal.timeout(300) }
    await expect(buildPeer('llama.cpp', options, RECIPE)).rejects.toMatchObject({ name: 'TimeoutError' })
    expect(left()).toEqual([])
  })

  it('without cmake says what to install', async () => {
    vi.stubEnv('PATH', home)
    await expect(buildPeer('llama.cpp', { home }, RECIPE)).rejects.toMatchObject({
      code: 'E_PLATFORM',
      message: expect.stringMatching(/cmake is needed.*apt install cmake/),
    })
  })

  it('without a compiler says what to install', async () => {
    tool('cmake', 'echo "CMake Error: CMAKE_CXX_COMPILER not set, after EnableLanguage" >&2; exit 1')
    const build = { source: 'source', folder: join(home, 'build'), targets: [], defines: {} }
    await expect(cmakeBuild(build, { signal: new AbortController().signal })).rejects.toMatchObject({
      code: 'E_PLATFORM',
      message: expect.stringContaining('a C++ compiler is needed'),
    })
  })
})

it('reads percentages of make and ninja', () => {
  expect(['[  5%] Building CXX', '[100%] Built', '[12/48] Building', 'warning: [5%]'].map(percentOf)).toEqual([5, 100, 25, undefined])
})

describe.skipIf(process.platform === 'win32')('a tool', () => {
  it('that is not there is named', async () => {
    await expect(runTool('no-such-tool', [])).rejects.toMatchObject({
      code: 'E_PLATFORM',
      message: 'no-such-tool is needed: it is not installed',
    })
  })

  it('that fails is quoted', async () => {
    tool('broken', 'echo one; echo two >&2; exit 7')
    await expect(runTool('broken', ['x'])).rejects.toMatchObject({
      code: 'E_ENGINE',
      message: expect.stringMatching(/broken x ended with code 7: .*two/),
    })
  })

  it('is ended, with what it has started, when the signal says so', async () => {
    tool('slow', 'sleep 60 & wait')
    await expect(runTool('slow', [], { signal: AbortSignal.timeout(200) })).rejects.toMatchObject({ name: 'TimeoutError' })
  })
})
