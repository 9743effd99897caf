import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { BuildView } from '../../src/cli/build-view.ts'
import { engineFolder, installedEngines, nativeFiles } from '../../src/engine/platform.ts'
import { buildEngine, percentOf } from '../../src/engines/build.ts'
import { sourceFolder } from '../../src/engines/llama-source.ts'
import { tempFolder } from '../models/temp-folder.ts'

let tools: string
let home: string
beforeEach(async () => {
  tools = await tempFolder()
  home = await tempFolder()
  vi.stubEnv('PATH', `${tools}${delimiter}${process.env.PATH}`)
  vi.stubEnv('OUROBOROS_HOME', home)
  mkdirSync(sourceFolder(), { recursive: true }) // fetched already
})
afterEach(() => vi.unstubAllEnvs())

/** A cmake that notes how it is called; `compile` is its shell script for the build. */
function cmake(compile: string): () => string {
  const called = join(tools, 'called')
  writeFileSync(called, '')
  writeFileSync(join(tools, 'cmake'), `#!/bin/sh\necho "$@" >> '${called}'\ncase "$1" in --build) ${compile};; esac\n`)
  chmodSync(join(tools, 'cmake'), 0o755)
  return () => readFileSync(called, 'utf8')
}

const engines = () => readdirSync(join(home, 'engines')).filter((name) => !name.endsWith('-source'))

describe.skipIf(process.platform === 'win32')('engine build', () => {
  it('compiles for this processor, keeps the libraries only, once', async () => {
    const called = cmake(
      `echo "[ 50%] Building"; mkdir "$2/bin"; cp '${nativeFiles('llama', '').folder}'/libggml*.so '${nativeFiles('llama', '').llama}' "$2/bin"`,
    )
    const lines: string[] = []
    const folder = await buildEngine('llama', { onLine: (line) => lines.push(line) })
    expect(folder).toBe(engineFolder('llama-native'))
    expect(called()).toMatch(/-DGGML_NATIVE=ON .*-DCMAKE_INSTALL_RPATH=\$ORIGIN .*\n--build .* --target llama\n$/)
    expect(readdirSync(folder).every((name) => /^lib(llama|ggml)/.test(name))).toBe(true)
    expect(lines).toContain('[ 50%] Building')
    expect(installedEngines()).toContain('llama-native')
    expect(engines()).toEqual(['llama-native-0.5.0'])
    const before = called()
    expect(await buildEngine('llama')).toBe(folder)
    expect(called()).toBe(before)
  })

  it.each([
    [
      'a compiler that fails',
      'echo "error: no such header"; exit 2',
      { code: 'E_ENGINE', message: expect.stringMatching(/no such header/) },
    ],
    ['libraries that are none', 'mkdir "$2/bin"; touch "$2/bin/libllama.so" "$2/bin/libggml.so"', { code: 'E_LIBRARY' }],
  ])('%s leaves nothing', async (_, compile, failure) => {
    cmake(compile)
    await expect(buildEngine('llama')).rejects.toMatchObject(failure)
    expect(engines()).toEqual([])
  })

  it('ends what it has started when the signal says so, and leaves nothing', async () => {
    cmake('sleep 60')
    await expect(buildEngine('llama', { signal: AbortSignal.timeout(300) })).rejects.toMatchObject({ name: 'TimeoutError' })
    expect(engines()).toEqual([])
  })

  it('without cmake says what to install', async () => {
    vi.stubEnv('PATH', tools)
    await expect(buildEngine('llama')).rejects.toMatchObject({
      code: 'E_PLATFORM',
      message: expect.stringMatching(/cmake is needed.*apt install cmake/),
    })
  })
})

it('reads percentages of make and ninja; the view has a line per tenth', () => {
  expect(['[  5%] Building CXX', '[100%] Built', '[12/48] Building', 'warning: [5%]'].map(percentOf)).toEqual([5, 100, 25, undefined])
  const stream = new PassThrough()
  const view = new BuildView(stream, 'llama')
  for (let percent = 0; percent <= 25; percent++) view.hear(`[ ${percent}%] Building`)
  view.end()
  expect(String(stream.read())).toBe('compiling llama: 0%\ncompiling llama: 10%\ncompiling llama: 20%\n')
})
