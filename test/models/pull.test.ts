import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Pullable } from '../../src/models/model-spec.ts'
import { pull, pullFile } from '../../src/models/pull.ts'
import type { PullEvent } from '../../src/models/pull-event.ts'
import { fakePip } from './fake-pip.ts'
import { startHub } from './hub-server.ts'
import { tempFolder } from './temp-folder.ts'

const content = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7919) >> 5))
const sha256 = createHash('sha256').update(content).digest('hex')
const wanted: Pullable = { home: { repo: 'owner/repo', file: 'model.gguf', revision: 'main' }, wheels: [], bytes: content.length, sha256 }
const nowhere = 'http://127.0.0.1:9'

describe('pull from the hub', () => {
  test('downloads, checks and names the file; a second pull asks nobody', async () => {
    const path = join(await tempFolder(), 'model.gguf')
    await using hub = await startHub(content, { sha256 })
    const events: PullEvent[] = []
    await pullFile(path, wanted, { hub: hub.address, onProgress: (event) => events.push(event) })
    expect(await readFile(path)).toEqual(content)
    expect(new Set(events.map(({ phase }) => phase))).toEqual(new Set(['download', 'verify']))
    expect(events.at(-1)).toMatchObject({ phase: 'verify', bytes: content.length, total: content.length })
    await pullFile(path, wanted, { hub: hub.address })
    expect(hub.ranges).toEqual([undefined])
    expect(await readdir(join(path, '..'))).toEqual(['model.gguf'])
  })

  test('goes on after a cut connection, in the same pull', async () => {
    const path = join(await tempFolder(), 'model.gguf')
    await using hub = await startHub(content, { cut: { after: 100_000, times: 2 } })
    await pullFile(path, wanted, { hub: hub.address })
    expect(await readFile(path)).toEqual(content)
    expect(hub.ranges).toHaveLength(3)
    expect(hub.ranges[1]).toMatch(/^bytes=\d+-$/)
  })

  test('goes on with what an aborted pull left', async () => {
    const path = join(await tempFolder(), 'model.gguf')
    await using slow = await startHub(content, { delay: 20 })
    const controller = new AbortController()
    const onProgress = ({ bytes }: PullEvent): void => {
      if (bytes > 50_000) controller.abort(new Error('enough'))
    }
    await expect(pullFile(path, wanted, { hub: slow.address, signal: controller.signal, onProgress })).rejects.toThrow('enough')
    const had = (await stat(`${path}.partial`)).size
    expect(had).toBeGreaterThan(50_000)
    await using hub = await startHub(content)
    await pullFile(path, wanted, { hub: hub.address })
    expect(hub.ranges).toEqual([`bytes=${had}-`])
    expect(await readFile(path)).toEqual(content)
  })

  test('begins again if the hub cannot go on in the middle', async () => {
    const path = join(await tempFolder(), 'model.gguf')
    await writeFile(`${path}.partial`, content.subarray(0, 1000))
    await using hub = await startHub(content, { ignoreRange: true })
    await pullFile(path, wanted, { hub: hub.address })
    expect(await readFile(path)).toEqual(content)
  })

  test('refuses a wrong checksum and removes the file', async () => {
    const folder = await tempFolder()
    const path = join(folder, 'model.gguf')
    const wrong = Buffer.from(content)
    wrong[17] = 0xee
    await using hub = await startHub(wrong)
    await expect(pullFile(path, wanted, { hub: hub.address })).rejects.toMatchObject({
      code: 'E_CHECKSUM',
      message: expect.stringContaining(sha256),
    })
    expect(await readdir(folder)).toEqual([])
  })

  test('refuses another file of the same name before it is downloaded', async () => {
    const path = join(await tempFolder(), 'model.gguf')
    await using hub = await startHub(content, { sha256: 'f'.repeat(64) })
    await expect(pullFile(path, wanted, { hub: hub.address })).rejects.toMatchObject({
      code: 'E_DOWNLOAD',
      message: expect.stringContaining('another file'),
    })
    await using shorter = await startHub(content.subarray(1))
    await expect(pullFile(path, wanted, { hub: shorter.address })).rejects.toMatchObject({
      code: 'E_DOWNLOAD',
      message: expect.stringContaining('299999 bytes, not 300000'),
    })
  })

  test.each([
    [{ status: 404 }, 'no such file'],
    [{ status: 401 }, 'private or gated'],
    [{ status: 503 }, 'answered 503'],
    [{ silent: true }, 'no answer within 0.2 seconds'],
  ])('says why: %j', async (behavior, reason) => {
    const path = join(await tempFolder(), 'model.gguf')
    await using hub = await startHub(content, behavior)
    await expect(pullFile(path, wanted, { hub: hub.address, timeoutMs: 200 })).rejects.toMatchObject({
      code: 'E_DOWNLOAD',
      message: expect.stringContaining(reason),
    })
  })

  test('two pulls at once: one downloads, the other waits for its file', async () => {
    const path = join(await tempFolder(), 'model.gguf')
    await using hub = await startHub(content, { delay: 10 })
    const phases: string[] = []
    const onProgress = ({ phase }: PullEvent): void => void phases.push(phase)
    await Promise.all([pullFile(path, wanted, { hub: hub.address, onProgress }), pullFile(path, wanted, { hub: hub.address, onProgress })])
    expect(hub.ranges).toHaveLength(1)
    expect(phases).toContain('wait')
    expect(await readFile(path)).toEqual(content)
  })

  test('a file of another size under the final name is not overwritten', async () => {
    const path = join(await tempFolder(), 'model.gguf')
    await writeFile(path, 'mine')
    await expect(pullFile(path, wanted, { hub: nowhere })).rejects.toMatchObject({
      code: 'E_FILE',
      message: expect.stringContaining('in the way'),
    })
    expect(await readFile(path, 'utf8')).toBe('mine')
  })
})

describe('pull hf:owner/repo/file.gguf', () => {
  const gguf = readFile(new URL('../golden/target.gguf', import.meta.url))

  test('has a folder of its own, and the checksum that the hub tells', async () => {
    const home = await tempFolder()
    await using hub = await startHub(await gguf, {
      sha256: createHash('sha256')
        .update(await gguf)
        .digest('hex'),
    })
    const path = await pull('hf:owner/repo/model.gguf', { home, hub: hub.address })
    expect(path).toBe(join(home, 'models', 'owner', 'repo', 'model.gguf'))
    expect(await readFile(path)).toEqual(await gguf)
    await using liar = await startHub(await gguf, { sha256: 'a'.repeat(64) })
    await expect(pull('hf:owner/other/model.gguf', { home, hub: liar.address })).rejects.toMatchObject({ code: 'E_CHECKSUM' })
  })

  test('without a checksum must at least be a whole GGUF file', async () => {
    const home = await tempFolder()
    await using hub = await startHub((await gguf).subarray(0, 200_000))
    await expect(pull('hf:owner/repo/model.gguf', { home, hub: hub.address })).rejects.toMatchObject({
      code: 'E_CHECKSUM',
      message: expect.stringContaining('cut off'),
    })
  })
})

describe('pull from wheels', () => {
  test('is the second choice, and puts the parts together', async () => {
    const folder = await tempFolder()
    const { python, parts, asked } = await fakePip(await tempFolder(), content, 70_000)
    const sources = new Set<string | undefined>()
    const path = join(folder, 'model.gguf')
    await pullFile(
      path,
      { ...wanted, wheels: parts },
      { hub: nowhere, python, onProgress: ({ phase, source }) => phase === 'download' && sources.add(source) },
    )
    expect(await readFile(path)).toEqual(content)
    expect(await asked()).toEqual(['part1==1.0.0', 'part2==1.0.0', 'part3==1.0.0', 'part4==1.0.0', 'part5==1.0.0'])
    expect(sources).toEqual(new Set(['Python wheels']))
    expect(await readdir(folder)).toEqual(['model.gguf'])
  })

  test('goes on in the middle of a part, whoever delivered what is there, and sweeps up after a killed pull', async () => {
    const folder = await tempFolder()
    const { python, parts, asked } = await fakePip(await tempFolder(), content, 70_000)
    const path = join(folder, 'model.gguf')
    await writeFile(`${path}.partial`, content.subarray(0, 150_001))
    await mkdir(`${path}.partial-wheel-left`)
    await pullFile(path, { ...wanted, wheels: parts }, { hub: nowhere, python })
    expect(await readFile(path)).toEqual(content)
    expect(await asked()).toEqual(['part3==1.0.0', 'part4==1.0.0', 'part5==1.0.0'])
    expect(await readdir(folder)).toEqual(['model.gguf'])
  })

  test('ends its program when aborted, and keeps the parts had', async () => {
    const folder = await tempFolder()
    const { python, parts } = await fakePip(await tempFolder(), content, 200_000, { delay: 300 })
    const path = join(folder, 'model.gguf')
    const controller = new AbortController()
    const onProgress = ({ bytes }: PullEvent): void => {
      if (bytes >= 200_000) setTimeout(() => controller.abort(new Error('enough')), 50)
    }
    await expect(
      pullFile(path, { ...wanted, wheels: parts }, { hub: nowhere, python, signal: controller.signal, onProgress }),
    ).rejects.toThrow('enough')
    expect(await readdir(folder)).toEqual(['model.gguf.partial'])
    expect((await stat(`${path}.partial`)).size).toBe(200_000)
  })

  test('lists every source and its reason when none can deliver', async () => {
    const path = join(await tempFolder(), 'model.gguf')
    const { python, parts } = await fakePip(await tempFolder(), content, 200_000)
    await expect(pullFile(path, { ...wanted, wheels: parts }, { hub: nowhere, python: '/no/python' })).rejects.toMatchObject({
      code: 'E_DOWNLOAD',
      message: expect.stringContaining('/no/python is not installed'),
    })
    const missing = [...parts, { name: 'part9', version: '1.0.0', entry: 'x', bytes: 1 }]
    const attempt = pullFile(path, { ...wanted, bytes: content.length + 1, wheels: missing }, { hub: nowhere, python })
    await expect(attempt).rejects.toMatchObject({
      code: 'E_DOWNLOAD',
      message: expect.stringMatching(/127\.0\.0\.1:9: .*Python wheels: pip: No matching distribution.*300000 bytes are kept/),
    })
  })

  test('refuses a damaged wheel and one whose entry has another size', async () => {
    const path = join(await tempFolder(), 'model.gguf')
    const pip = await tempFolder()
    const { python, parts } = await fakePip(pip, content, 300_000)
    const longer = parts.map((part) => ({ ...part, bytes: part.bytes + 1 }))
    const attempt = pullFile(path, { ...wanted, bytes: content.length + 1, wheels: longer }, { hub: nowhere, python })
    await expect(attempt).rejects.toMatchObject({
      code: 'E_DOWNLOAD',
      message: expect.stringContaining('300000 bytes of part1/data.bin, not 300001'),
    })
    await writeFile(join(pip, 'part1.whl'), 'no zip')
    await expect(pullFile(path, { ...wanted, wheels: parts }, { hub: nowhere, python })).rejects.toMatchObject({
      code: 'E_DOWNLOAD',
      message: expect.stringContaining('damaged'),
    })
  })
})

describe('pull refuses', () => {
  test.each([['nope'], ['hf:owner/file.gguf'], ['hf:owner/repo/../x.gguf'], ['hf:owner/repo/x.bin'], ['http://example.org/x.gguf']])(
    '%s',
    async (model) => {
      await expect(pull(model, { home: await tempFolder() })).rejects.toMatchObject({ code: 'E_USAGE' })
    },
  )

  test.each([['/dev/null/x'], ['/proc/x']])('an unusable folder: %s', async (home) => {
    await expect(pull('smollm2-135m', { home })).rejects.toMatchObject({
      code: 'E_FILE',
      message: expect.stringContaining('OUROBOROS_HOME'),
    })
  })
})
