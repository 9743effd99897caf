import { createHash } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { catalog, findEntry } from '../../src/models/catalog.ts'
import { familyModels } from '../../src/models/families.ts'
import { hubPath, parseHubFile } from '../../src/models/hub-file.ts'
import { installedModels } from '../../src/models/installed.ts'
import { pull } from '../../src/models/pull.ts'
import { resolveModel } from '../../src/models/resolve.ts'
import { type HubBehavior, startHub } from './hub-server.ts'
import { splitGguf } from './split-gguf.ts'
import { tempFolder } from './temp-folder.ts'

const golden = fileURLToPath(new URL('../golden/target.gguf', import.meta.url))
const content = await readFile(golden)
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
const FILE = 'Qwen3-8B-Q4_K_M.gguf'
const REPO = 'Qwen/Qwen3-8B-GGUF'

afterEach(() => vi.unstubAllEnvs())

/** An entry of the hub's list, as its interface gives it for files in large-file storage. */
const listed = (path: string, bytes: Buffer, oid = sha256(bytes)) => ({
  type: 'file',
  oid: 'a'.repeat(40),
  size: bytes.length,
  lfs: { oid, size: bytes.length, pointerSize: 135 },
  path,
})
const README = { type: 'file', oid: 'b'.repeat(40), size: 12, path: 'README.md' }
const FOLDER = { type: 'directory', oid: 'c'.repeat(40), size: 0, path: 'imatrix' }

/** A hub with the one file at its address, and a list. */
const hubWith = (behavior: HubBehavior, path = FILE) =>
  startHub((url) => (url.endsWith(`/${REPO}/resolve/main/${path}`) ? content : undefined), behavior)

describe('the table', () => {
  test('names are unique, drafts are there, addresses are right', () => {
    expect(new Set(catalog.map(({ id }) => id)).size).toBe(catalog.length)
    expect(new Set(catalog.map(({ home }) => `${home.repo}/${home.file}`)).size).toBe(catalog.length)
    for (const { id, home, draft, file } of familyModels) {
      expect(parseHubFile(`hf:${home.repo}/${home.file}`), id).toEqual(home)
      expect(file).toBe(`${home.repo}/${home.file}`)
      if (draft !== undefined) expect(findEntry(draft)?.draft ?? draft, `${id} drafts with ${draft}`).not.toBe(id)
      if (draft !== undefined) expect(findEntry(draft), `draft of ${id}`).toBeDefined()
    }
  })

  test('is the one in the docs', async () => {
    const lines = (await readFile(new URL('../../docs/models.md', import.meta.url), 'utf8')).split('\n')
    const rows = lines.filter((line) => /^\| [^|`]+ \| `[^|]+\|[^|]*\|[^|]*\|$/.test(line))
    const cell = (name?: string) => (name === undefined ? '' : `\`${name}\``)
    expect(rows).toEqual(
      familyModels.map(({ id, home, draft, description }) => `| ${description} | ${cell(id)} | ${cell(draft)} | ${cell(home.repo)} |`),
    )
  })

  test('every model is a target or the draft of one', () => {
    const drafts = new Set(catalog.map(({ draft }) => draft))
    for (const { id, draft } of familyModels) expect(draft !== undefined || drafts.has(id), id).toBe(true)
  })
})

describe('pull NAME', () => {
  test('size and checksum are the hub’s own record’s, whatever its redirection says', async () => {
    const home = await tempFolder()
    await using hub = await hubWith({ list: [FOLDER, README, listed(FILE, content)] })
    const path = join(home, 'models', 'Qwen', 'Qwen3-8B-GGUF', FILE)
    expect(await pull('qwen3-8b', { home, hub: hub.address })).toBe(path)
    expect(await readFile(path)).toEqual(content)
    expect(hub.lists).toEqual([`/api/models/${REPO}/tree/main`])
    expect(await resolveModel('qwen3-8b', { home })).toBe(path)
    expect(await resolveModel(`hf:${REPO}/${FILE}`, { home })).toBe(path)
    const installed = await installedModels(home)
    expect(installed.filter(({ state }) => state !== 'absent')).toEqual([
      expect.objectContaining({ id: 'qwen3-8b', state: 'ready', bytes: content.length, draft: 'qwen3-0.6b' }),
    ])
  })

  test('a file that is not the record’s is refused', async () => {
    const home = await tempFolder()
    await using other = await hubWith({ list: [listed(FILE, content, 'd'.repeat(64))] })
    await expect(pull('qwen3-8b', { home, hub: other.address })).rejects.toMatchObject({
      code: 'E_CHECKSUM',
      message: expect.stringContaining('d'.repeat(64)),
    })
    await using shorter = await hubWith({ list: [listed(FILE, content.subarray(1))] })
    await expect(pull('qwen3-8b', { home, hub: shorter.address })).rejects.toMatchObject({
      code: 'E_DOWNLOAD',
      message: expect.stringContaining(`${content.length} bytes, not ${content.length - 1}`),
    })
    await using changed = await hubWith({ list: [listed(FILE, content)], sha256: 'e'.repeat(64) })
    await expect(pull('qwen3-8b', { home, hub: changed.address })).rejects.toMatchObject({ code: 'E_DOWNLOAD' })
  })

  test('goes on where it ended, on a list of several pages', async () => {
    const home = await tempFolder()
    await using hub = await hubWith({ list: [README, FOLDER, listed('Qwen3-8B-Q8_0.gguf', content), listed(FILE, content)], page: 2 })
    const path = join(home, 'models', 'Qwen', 'Qwen3-8B-GGUF', FILE)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(`${path}.partial`, content.subarray(0, 1000))
    await pull('qwen3-8b', { home, hub: hub.address })
    expect(hub.ranges).toEqual(['bytes=1000-'])
    expect(hub.lists).toHaveLength(2)
    expect(await readFile(path)).toEqual(content)
  })

  test('a file that was renamed in upper and lower case is found, another one is not, and what is there is named', async () => {
    const home = await tempFolder()
    const renamed = FILE.toLowerCase()
    await using hub = await hubWith({ list: [listed(renamed, content)] }, renamed)
    expect(await readFile(await pull('qwen3-8b', { home, hub: hub.address }))).toEqual(content)
    await using other = await hubWith({ list: [README, listed('Qwen3-8B-Q5_0.gguf', content), listed('Qwen3-8B-Q8_0.gguf', content)] })
    await expect(pull('qwen3-8b', { home: await tempFolder(), hub: other.address })).rejects.toMatchObject({
      code: 'E_DOWNLOAD',
      message: expect.stringContaining(`no such file there: ${FILE}; there are Qwen3-8B-Q5_0.gguf, Qwen3-8B-Q8_0.gguf`),
    })
  })

  test('a repository that was renamed is followed', async () => {
    const renamed = { from: REPO, to: 'Qwen/Qwen3-8B-Instruct-GGUF' }
    await using hub = await startHub((url) => (url.includes(`${renamed.to}/resolve/main/`) ? content : undefined), {
      list: [listed(FILE, content)],
      renamed,
    })
    expect(await readFile(await pull('qwen3-8b', { home: await tempFolder(), hub: hub.address }))).toEqual(content)
    expect(hub.lists).toEqual([`/api/models/${renamed.to}/tree/main`])
  })

  test('a gated repository needs a token, which the storage never sees', async () => {
    const home = await tempFolder()
    await using hub = await hubWith({ list: [listed(FILE, content)], token: 'hf_right' })
    const refused = (message: string) =>
      expect(pull('qwen3-8b', { home, hub: hub.address })).rejects.toMatchObject({
        code: 'E_DOWNLOAD',
        message: expect.stringContaining(message),
      })
    vi.stubEnv('HF_TOKEN', '')
    await refused('answered 401: no such repository, or a private or gated one, whose terms you accept on its page; set HF_TOKEN')
    vi.stubEnv('HF_TOKEN', 'hf_wrong')
    await refused('the token in HF_TOKEN does not open it')
    vi.stubEnv('HF_TOKEN', 'hf_right')
    expect(await readFile(await pull('qwen3-8b', { home, hub: hub.address }))).toEqual(content)
  })

  test('a list that is none ends the pull with a reason', async () => {
    await using hub = await startHub((url) => (url.startsWith('/api/') ? undefined : content), { list: 'none' as unknown as [] })
    await expect(pull('qwen3-8b', { home: await tempFolder(), hub: hub.address })).rejects.toMatchObject({
      code: 'E_DOWNLOAD',
      message: expect.stringContaining('list of files cannot be read'),
    })
  })

  test('a split model by its name: every part, each by its own record', async () => {
    const [folder, home] = [await tempFolder(), await tempFolder()]
    const parts = splitGguf(golden, folder, 2)
    const contents = await Promise.all(parts.map((part) => readFile(part)))
    const named = (i: number) => `qwen2.5-7b-instruct-q4_k_m-0000${i + 1}-of-00002.gguf`
    await using hub = await startHub((url) => contents[[0, 1].findIndex((i) => url.endsWith(named(i)))], {
      list: contents.map((bytes, i) => listed(named(i), bytes)),
    })
    const first = join(home, 'models', 'Qwen', 'Qwen2.5-7B-Instruct-GGUF', named(0))
    expect(await pull('qwen2.5-7b', { home, hub: hub.address })).toBe(first)
    expect(await readFile(join(dirname(first), named(1)))).toEqual(contents[1])
    expect((await installedModels(home)).find(({ id }) => id === 'qwen2.5-7b')).toMatchObject({ state: 'ready', path: first })
    await using liar = await startHub((url) => contents[[0, 1].findIndex((i) => url.endsWith(named(i)))], {
      list: contents.map((bytes, i) => listed(named(i), bytes, i === 1 ? 'f'.repeat(64) : undefined)),
    })
    await expect(pull('qwen2.5-7b', { home: await tempFolder(), hub: liar.address })).rejects.toMatchObject({
      code: 'E_CHECKSUM',
      message: expect.stringContaining(named(1)),
    })
  })
})

test('addresses on a hub have no stray slash and no raw character', () => {
  expect(hubPath('http://h/', 'api', 'a b', 'ü')).toBe('http://h/api/a%20b/%C3%BC')
})
