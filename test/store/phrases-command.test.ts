import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DiskStore } from '../../src/store/disk-store.ts'
import { namespaceFile, phrasesFolder } from '../../src/store/namespace.ts'
import { FakeWorld } from '../cli/fake-world.ts'
import { phrases, temporaryFolder } from './phrases.ts'

const home = temporaryFolder()
const before = process.env.OUROBOROS_HOME
beforeAll(() => {
  process.env.OUROBOROS_HOME = home
})
afterAll(() => {
  if (before === undefined) delete process.env.OUROBOROS_HOME
  else process.env.OUROBOROS_HOME = before
})

const VOCABULARY = '0123456789abcdef'
const keep = (tenant: string, count: number, now?: number) => {
  const file = namespaceFile(phrasesFolder(), { vocabulary: VOCABULARY, tenant, corpus: 'default' })
  const store = DiskStore.open(file, { most: 1e6, days: 1e6, vocabSize: 1e6, onWarning: () => {} })
  store.merge(phrases(0, count), now)
  store.close()
  return file
}
const run = async (...words: string[]) => {
  const world = new FakeWorld()
  const code = await world.run(['phrases', ...words])
  return { code, out: world.out, err: world.err }
}

test('list, stats and check tell what is kept', async () => {
  keep('ann', 300)
  keep('bob', 20)
  expect((await run('list')).out).toMatch(/tenant ann {2}history default {2}300 phrases(.|\n)*tenant bob/)
  expect((await run('list', '--tenant', 'bob')).out).not.toContain('ann')
  expect((await run('stats', '--tenant', 'ann')).out).toContain('history      300 phrases, seen 300 times, 600 tokens tried, 300 accepted')
  expect((await run('check')).out.match(/whole/g)).toHaveLength(2)
})

test('an export comes back the same; a changed one is refused', async () => {
  const file = join(home, 'ann.jsonl')
  expect(await run('export', file)).toMatchObject({ code: 2 }) // two histories fit
  expect(await run('export', file, '--tenant', 'ann')).toMatchObject({ code: 0 })
  expect(await run('export', file, '--tenant', 'ann')).toMatchObject({ code: 1 }) // it is there
  expect((await run('import', file, '--tenant', 'cid')).out).toContain('300 phrases added')
  const again = join(home, 'cid.jsonl')
  await run('export', again, '--tenant', 'cid')
  expect(readFileSync(again, 'utf8')).toBe(readFileSync(file, 'utf8'))
  const text = readFileSync(file, 'utf8')
  for (const wrong of [
    text.replace('"history"', '"x"').replace('[1,2,', '[1,3,').replace(',1,', ',2,'),
    text.slice(0, -20),
    '',
    '{}\n',
    'x',
  ])
    if (wrong !== text) {
      writeFileSync(again, wrong)
      expect(await run('import', again)).toMatchObject({ code: 1, err: expect.stringContaining('no whole export') })
    }
})

test('forgetting takes what it is told to take', async () => {
  expect(await run('forget')).toMatchObject({ code: 2 })
  const old = keep('old', 50, 1000)
  expect((await run('forget', '--older-than', '365', '--tenant', 'old')).out).toContain('50 phrases removed')
  const bob = keep('bob', 20)
  await run('forget', '--tenant', 'bob')
  expect([existsSync(bob), existsSync(`${bob}-wal`), existsSync(old)]).toEqual([false, false, true])
  await run('forget', '--all')
  expect(existsSync(old)).toBe(false)
})

test('forgetting removes what was set aside as damaged, too', async () => {
  const damaged = `${keep('eve', 5)}.damaged-1`
  const left = namespaceFile(phrasesFolder(), { vocabulary: VOCABULARY, tenant: 'fay', corpus: 'default' })
  for (const file of [damaged, `${left}.damaged-2`]) writeFileSync(file, 'phrases')
  await run('forget', '--tenant', 'eve')
  expect([existsSync(damaged), existsSync(`${left}.damaged-2`)]).toEqual([false, true])
  expect((await run('list')).out).not.toContain('fay')
  await run('forget', '--all')
  expect(existsSync(`${left}.damaged-2`)).toBe(false)
})

test('learn takes in texts, top shows the most useful phrases as text', async () => {
  const folder = join(home, 'texts')
  mkdirSync(folder)
  writeFileSync(join(folder, 'a.txt'), 'one two three four five six seven\n'.repeat(20))
  writeFileSync(join(folder, 'b.bin'), Uint8Array.of(0, 1, 2))
  const learned = await run('learn', folder, '--tenant', 'gus')
  expect(learned).toMatchObject({
    code: 0,
    out: expect.stringMatching(/phrases of 1 files, 680 tokens, added to .*tenant gus.*; 1 left out/),
  })
  expect((await run('stats', '--tenant', 'gus')).out).toContain('corpus')
  const file = namespaceFile(phrasesFolder(), { vocabulary: VOCABULARY, tenant: 'gus', corpus: 'default' })
  const store = DiskStore.open(file, { most: 1e6, days: 1e6, vocabSize: 256, onWarning: () => {} })
  const best = { tokens: [...Buffer.from('best of all')], source: 'history', seen: 1, tries: 11, hits: 11, refuted: false } as const
  store.merge([
    { ...best, key: [1] },
    { ...best, key: [2, 1] }, // the same behind another key: one line
    { ...best, key: [3], tokens: [...Buffer.from('wrong')], hits: 99, refuted: true },
    { ...best, key: [4], tokens: [5000], hits: 99 }, // of another vocabulary
  ])
  store.close()
  const { out } = await run('top', '--tenant', 'gus', '-n', '4')
  expect(out.split('\n').slice(2, 4)[0]).toMatch(/^ +22 +22 +1 {2}"best of all"$/)
  expect(out).not.toContain('wrong')
  expect(out).toContain('seven')
  expect(await run('learn', join(home, 'none'))).toMatchObject({ code: 1, err: expect.stringContaining('no such file') })
  expect(await run('learn', folder, '--tenant', 'a/b')).toMatchObject({ code: 2 })
})
