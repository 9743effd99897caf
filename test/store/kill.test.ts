import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { DiskStore } from '../../src/store/disk-store.ts'
import { temporaryFolder } from './phrases.ts'

const folder = temporaryFolder()
const WRITER = fileURLToPath(new URL('kill-writer.mjs', import.meta.url))
/** `npm run test:faults`: 300. */
const KILLS = Number(process.env.OUROBOROS_KILLS ?? 10)

test('killed at any moment: the file is whole, and has all that was said to be kept', async () => {
  const file = join(folder, 'killed.phrases')
  let before = 0
  for (let i = 0; i < KILLS; i++) {
    const writer = spawn(process.execPath, [WRITER, file])
    let said = ''
    writer.stdout.on('data', (data) => {
      said += data
      // Some milliseconds after its first word: in the middle of a later batch.
      if (said.length === data.length) setTimeout(() => writer.kill('SIGKILL'), (i * 7) % 40)
    })
    await new Promise((resolve) => writer.once('exit', resolve))
    const kept = Number(said.trimEnd().split('\n').at(-1))
    const warnings: string[] = []
    const store = DiskStore.open(file, { most: 1200, days: 100, vocabSize: 1e6, onWarning: (line) => warnings.push(line) })
    store.check()
    expect(warnings).toEqual([])
    const seen = [...store.read().entries()].reduce((sum, one) => sum + one.seen, 0)
    expect(seen).toBeGreaterThanOrEqual(before + kept)
    expect(seen % 50).toBe(0)
    before = seen
    store.close()
  }
}, 600_000)
