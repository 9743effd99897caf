import { copyFile, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { readGguf } from '../../src/models/gguf.ts'
import { inspect } from '../../src/models/inspect.ts'
import { installedModels } from '../../src/models/installed.ts'
import { pull } from '../../src/models/pull.ts'
import { resolveModel } from '../../src/models/resolve.ts'
import { partsOf } from '../../src/models/split.ts'
import { startHub } from './hub-server.ts'
import { splitGguf } from './split-gguf.ts'
import { tempFolder } from './temp-folder.ts'

const golden = fileURLToPath(new URL('../golden/target.gguf', import.meta.url))

test('partsOf names all parts from any of them, and leaves other names alone', () => {
  const parts = ['/a/m-00001-of-00003.gguf', '/a/m-00002-of-00003.gguf', '/a/m-00003-of-00003.gguf']
  for (const part of parts) expect(partsOf(part)).toEqual(parts)
  for (const name of ['m.gguf', 'm-00000-of-00003.gguf', 'm-00004-of-00003.gguf', 'm-1-of-3.gguf', 'm-00001-of-00003.gguf.partial'])
    expect(partsOf(name)).toEqual([name])
})

test('the parts together say what the whole file says, whichever is given', async () => {
  const parts = splitGguf(golden, await tempFolder(), 3)
  const sizes = await Promise.all(parts.map(async (part) => (await stat(part)).size))
  const bytes = sizes.reduce((a, b) => a + b)
  for (const part of parts) expect(inspect(part)).toEqual({ ...inspect(golden), file: parts[0], bytes, parts: 3 })
  expect(readGguf(parts[0] as string).tensors.map(({ name }) => name)).toEqual(readGguf(golden).tensors.map(({ name }) => name))
})

test('a part that is missing is named', async () => {
  const parts = splitGguf(golden, await tempFolder(), 3)
  for (const [i, part] of parts.entries()) {
    const moved = `${part}.away`
    await rename(part, moved)
    for (const given of parts.filter((one) => one !== part))
      expect(() => readGguf(given)).toThrow(
        expect.objectContaining({
          code: 'E_FILE',
          message: expect.stringContaining(`part ${i + 1} of 3 is missing: no such file ${part}`),
        }),
      )
    await rename(moved, part)
  }
})

test('parts that are damaged, of another model, or named otherwise are refused by name', async () => {
  const folder = await tempFolder()
  const parts = splitGguf(golden, folder, 3) as [string, string, string]
  const refused = (given: string, message: string) =>
    expect(() => readGguf(given)).toThrow(expect.objectContaining({ code: 'E_GGUF', message: expect.stringContaining(message) }))
  await mkdir(join(folder, 'two'))
  const other = splitGguf(golden, join(folder, 'two'), 2)[0] as string
  const second = await readFile(parts[1])
  await writeFile(parts[1], second.subarray(0, second.length - 4000))
  refused(parts[0], `${parts[1]}: cut off`)
  await copyFile(parts[2], parts[1])
  refused(parts[0], `${parts[1]} is part 3 of 3`)
  await copyFile(other, parts[0])
  refused(parts[0], `${parts[0]} is part 1 of 2`)
  const renamed = join(folder, 'model.gguf')
  await copyFile(other, renamed)
  refused(renamed, `${renamed} is part 1 of 2 of a split model: parts are found by names`)
  await copyFile(golden, parts[0])
  refused(parts[0], 'not a part of a split model')
})

test('pull fetches every part, whichever is named, and goes on where it ended', async () => {
  const folder = await tempFolder()
  const home = join(folder, 'home')
  const files = splitGguf(golden, folder, 3)
  const contents = await Promise.all(files.map((file) => readFile(file)))
  await using hub = await startHub((url) => contents[files.findIndex((file) => url.endsWith(file.slice(folder.length)))])
  const options = { home, hub: hub.address }
  const [first = '', second = '', third = ''] = files.map((file) =>
    join(home, 'models', 'owner', 'repo', 'q4', file.slice(folder.length + 1)),
  )
  expect(await pull('hf:owner/repo/q4/tiny-00002-of-00003.gguf', options)).toBe(first)
  expect(await Promise.all([first, second, third].map((file) => readFile(file)))).toEqual(contents)
  expect(hub.ranges).toHaveLength(3)
  expect(await resolveModel('hf:owner/repo/q4/tiny-00003-of-00003.gguf', { home })).toBe(first)
  expect((await installedModels(home)).filter(({ id }) => id === null)).toEqual([
    expect.objectContaining({ path: first, state: 'ready', bytes: contents.reduce((sum, { length }) => sum + length, 0) }),
  ])

  await rm(third)
  await writeFile(`${second}.partial`, (contents[1] as Buffer).subarray(0, 1000))
  await rm(second)
  await expect(resolveModel('hf:owner/repo/q4/tiny-00001-of-00003.gguf', { home })).rejects.toMatchObject({
    code: 'E_FILE',
    message: expect.stringMatching(/part 2 of 3 is missing.*ouroboros pull hf:owner/),
  })
  expect((await installedModels(home)).at(-1)).toMatchObject({ path: first, state: 'partial' })
  await pull('hf:owner/repo/q4/tiny-00001-of-00003.gguf', options)
  expect(hub.ranges.slice(3)).toEqual(['bytes=1000-', undefined])
  expect(await readFile(second)).toEqual(contents[1])
  expect((await readdir(join(first, '..'))).sort()).toEqual(files.map((file) => file.slice(folder.length + 1)))
})
