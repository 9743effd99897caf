import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { DiskStore } from '../../src/store/disk-store.ts'
import { namespaceFile } from '../../src/store/namespace.ts'
import { temporaryFolder } from './phrases.ts'

const WRITER = fileURLToPath(new URL('fault-writer.mjs', import.meta.url))
const folder = temporaryFolder()

/** What a process says that has learned `rounds` texts; `limit`: KiB of the largest file that it may write. */
async function writer(where: string, rounds: number, limit?: number): Promise<{ warnings: string[]; heard: number; seen: number }> {
  const command = limit === undefined ? 'exec "$@"' : `ulimit -f ${limit}; exec "$@"`
  const child = spawn('bash', ['-c', command, 'bash', process.execPath, WRITER, where, String(rounds)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let out = ''
  child.stdout.on('data', (data) => {
    out += data
  })
  const code = await new Promise((resolve) => child.once('close', resolve))
  expect(code).toBe(0)
  return JSON.parse(out)
}

/** Times that the phrases of a whole store were seen. */
function seenIn(where: string): number {
  const file = namespaceFile(where, { vocabulary: '0123456789abcdef', tenant: 'local', corpus: 'default' })
  const onWarning = (line: string) => {
    throw new Error(line)
  }
  const store = DiskStore.open(file, { most: 20_000, days: 100, vocabSize: 60_000, onWarning })
  store.check()
  const seen = [...store.read().entries()].reduce((sum, one) => sum + one.seen, 0)
  store.close()
  return seen
}

test('two processes on one file: everything of both is kept', async () => {
  const where = join(folder, 'two')
  const [a, b] = await Promise.all([writer(where, 60), writer(where, 60)])
  expect([a.warnings, b.warnings]).toEqual([[], []])
  expect(seenIn(where)).toBe(a.seen + b.seen)
})

test.skipIf(process.platform === 'win32')(
  'files that may grow no further: one warning a kind, learning goes on, what was kept is whole',
  async () => {
    const where = join(folder, 'limited')
    const { warnings, seen } = await writer(where, 150, 200)
    expect(warnings.length).toBeGreaterThan(0)
    expect(new Set(warnings).size).toBe(warnings.length)
    for (const line of warnings) expect(line).toMatch(/^phrases are not kept \(cannot \w+ in /)
    const kept = seenIn(where)
    expect(kept).toBeGreaterThan(0)
    expect(kept).toBeLessThan(seen)
    expect((await writer(where, 10)).warnings).toEqual([])
    expect(seenIn(where)).toBeGreaterThan(kept)
  },
)

describe('a disk of its own', () => {
  const disk = join(folder, 'disk')
  mkdirSync(disk)
  const mount = (...words: string[]) => spawnSync('mount', [...words, disk]).status === 0
  const canMount = process.platform === 'linux' && mount('-t', 'tmpfs', '-o', 'size=400k,mode=0700', 'tmpfs')
  afterAll(() => {
    if (canMount) spawnSync('umount', ['--lazy', disk]) // libsql lets go of a file late
  })

  test.skipIf(!canMount)('read-only: a warning, learning goes on', async () => {
    expect((await writer(disk, 5)).warnings).toEqual([])
    expect(mount('-o', 'remount,ro')).toBe(true)
    const { warnings, seen } = await writer(disk, 20)
    expect(warnings.join('\n')).toMatch(/cannot open in .*read-only/i)
    expect(seen).toBeGreaterThan(1000)
    expect(mount('-o', 'remount,rw')).toBe(true)
  })

  test.skipIf(!canMount)('full: warnings, learning goes on; with room again what is learned is kept', async () => {
    const { warnings, seen } = await writer(disk, 150)
    expect(warnings.join('\n')).toMatch(/cannot write in .*full/)
    const kept = seenIn(disk)
    expect(kept).toBeLessThan(seen)
    expect(mount('-o', 'remount,size=16m')).toBe(true)
    expect((await writer(disk, 20)).warnings).toEqual([])
    expect(seenIn(disk)).toBeGreaterThan(kept)
  })
})
