import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import Database from 'libsql'
import { describe, expect, test } from 'vitest'
import { DiskStore, type DiskStoreOptions } from '../../src/store/disk-store.ts'
import { migrate, STEPS } from '../../src/store/schema.ts'
import { phrase, phrases, temporaryFolder } from './phrases.ts'

const folder = temporaryFolder()
let count = 0
const fresh = () => join(folder, `${count++}`, 'a.phrases')
const open = (file: string, more: Partial<DiskStoreOptions> = {}) =>
  DiskStore.open(file, {
    most: 100_000,
    days: 100,
    vocabSize: 60_000,
    onWarning: (line) => {
      throw new Error(line)
    },
    ...more,
  })
const all = (store: DiskStore) => [...store.read().entries()]

describe('DiskStore', () => {
  test('keeps phrases, and adds what is learned of them', () => {
    const file = fresh()
    const store = open(file)
    store.merge(phrases(0, 9000))
    store.merge([phrase(5, { seen: 3, tries: 4, hits: 4, refuted: true })])
    store.close()
    const again = open(file)
    expect(again.read().size).toBe(9000)
    const kept = all(again)
    expect(kept.length).toBe(9000)
    expect(kept.find(({ key, tokens }) => key[0] === phrase(5).key[0] && tokens[0] === 5)).toMatchObject({
      ...phrase(5),
      seen: 4,
      tries: 6,
      hits: 5,
      refuted: true,
    })
    again.close()
  })

  test('files are for their owner only', () => {
    const file = fresh()
    const store = open(file)
    store.merge(phrases(0, 10))
    for (const name of readdirSync(dirname(file))) expect(statSync(join(dirname(file), name)).mode & 0o077).toBe(0)
    expect(statSync(dirname(file)).mode & 0o077).toBe(0)
    store.close()
  })

  test('the least useful go when it is full, the unused when they are old', () => {
    const store = open(fresh(), { most: 1000 })
    store.merge([phrase(1_000_001, { seen: 50, tries: 10, hits: 10 })])
    for (let i = 0; i < 40; i++) store.merge(phrases(i * 100, i * 100 + 100))
    expect(store.read().size).toBeLessThanOrEqual(1250)
    expect(all(store).some(({ seen }) => seen >= 50)).toBe(true)
    store.merge([phrase(45_000)], 1000)
    expect(store.forgetOlderThan(365)).toBe(1)
    store.close()
  })

  test('two that are open share', () => {
    const file = fresh()
    const [a, b] = [open(file), open(file)]
    a.merge(phrases(0, 100))
    b.merge(phrases(50, 150))
    expect(a.read().size).toBe(150)
    expect(all(b).filter(({ seen }) => seen === 2).length).toBe(50)
    a.close()
    b.close()
  })

  test('a damaged file is set aside, with a warning', () => {
    const file = fresh()
    const store = open(file)
    store.merge(phrases(0, 4000))
    store.close()
    const whole = readFileSync(file)
    expect(whole.length).toBeGreaterThan(100_000)
    const damages = [
      (bytes: Buffer) => bytes.subarray(0, 5000),
      (bytes: Buffer) => bytes.fill(7, 0, 300),
      (bytes: Buffer) => bytes.fill(9, 9000, 9400),
      () => Buffer.from('this is no database at all, but it is longer than nothing'),
    ]
    for (const damage of damages) {
      const warnings: string[] = []
      const damaged = fresh()
      mkdirSync(dirname(damaged))
      writeFileSync(damaged, damage(Buffer.from(whole)))
      const anew = open(damaged, { onWarning: (line) => warnings.push(line) })
      expect(warnings).toHaveLength(1)
      expect(anew.read().size).toBe(0)
      anew.close()
      expect(readdirSync(dirname(damaged)).filter((name) => name.includes('.damaged-'))).toHaveLength(1)
    }
  })

  test('tokens outside the vocabulary are no phrases', () => {
    const file = fresh()
    const store = open(file)
    store.merge(phrases(0, 100))
    store.close()
    const other = open(file, { vocabSize: 50 })
    expect(all(other).every(({ key, tokens }) => [...key, ...tokens].every((token) => token < 50))).toBe(true)
    other.close()
  })

  test('gathering adds up what was learned, and keeps the day of last use', () => {
    const store = open(fresh(), { most: 400 })
    store.merge([phrase(1)], 1000)
    for (let i = 0; i < 20; i++) store.merge(phrases(0, 50).slice(i % 2))
    const [first, second] = all(store)
      .filter(({ tokens: [token] }) => token === 1 || token === 0)
      .sort((a, b) => b.seen - a.seen)
    expect([first?.seen, second?.seen]).toEqual([21, 10])
    expect(first?.used).toBeGreaterThan(1_000_000)
    store.merge([phrase(60)], 1000)
    expect(store.forgetOlderThan(1)).toBe(1)
    expect(all(store)).toHaveLength(50)
    store.close()
  })

  test('an older format is brought forward', () => {
    const file = fresh()
    mkdirSync(dirname(file))
    const db = new Database(file)
    migrate(db, file, STEPS.slice(0, 1))
    const put = db.prepare('INSERT INTO phrase VALUES (?, ?, ?, ?, ?, ?, ?, ?)')
    const numbers = (...tokens: number[]) => Uint8Array.from(tokens.flatMap((token) => [(token & 127) | 128, token >> 7]))
    db.exec('BEGIN')
    for (let i = 0; i < 10_000; i++) put.run([numbers(i, 5, 300), numbers(300, 7), 3, 2, i, 1, i % 2, 1_790_000_000 + 40_000 * (i % 5)])
    db.exec('COMMIT')
    db.close()
    const store = open(file, { days: 1e6 })
    const kept = all(store)
    expect(kept).toHaveLength(10_000)
    const one = { tokens: [300, 7], source: 'history', seen: 2, hits: 1 }
    expect(kept.find(({ key: [token] }) => token === 4321)).toMatchObject({ ...one, key: [4321, 5], tries: 4321, refuted: true })
    expect(new Set(kept.map(({ used }) => Math.floor(used / 86_400)))).toEqual(new Set([20717, 20718, 20719]))
    store.close()
    expect(open(file).read().size).toBe(10_000)
  })

  test('a newer format is left alone', () => {
    const file = fresh()
    const store = open(file)
    store.close()
    const db = new Database(file)
    db.exec('PRAGMA user_version = 3')
    db.close()
    const before = readFileSync(file)
    expect(() => open(file)).toThrow(/has format 3, this version knows 2/)
    expect(readFileSync(file)).toEqual(before)
  })
})
