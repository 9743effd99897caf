import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { type LoadOptions, load } from '../../src/index.ts'
import { SMALL } from './small-engine.ts'

const root = mkdtempSync(join(tmpdir(), 'ouroboros-history-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
const REQUEST = { messages: [{ role: 'user', content: 'Write two sentences about the sea.' }] as const, maxTokens: 40 }
const small = (history: NonNullable<LoadOptions['history']>, more: Partial<LoadOptions> = {}) =>
  load({ ...SMALL, draft: null, history, ...more })

test('what was learned is known at the next load, in its own history, for its own tenant only', async () => {
  const folder = join(root, 'kept')
  const lines: string[] = []
  const first = await small({ folder }, { onWarning: (line) => lines.push(line) })
  const cold = await first.generate(REQUEST).result
  await first.dispose()
  expect(lines.filter((line) => line.includes(folder) && line.includes('--no-history'))).toHaveLength(1)
  expect(readdirSync(folder).filter((name) => name.endsWith('.local.default.phrases'))).toHaveLength(1)
  expect(statSync(folder).mode & 0o077).toBe(0)

  const again: string[] = []
  await using second = await small({ folder }, { onWarning: (line) => again.push(line) })
  await taken(second)
  const warm = await second.generate(REQUEST).result
  expect(warm.text).toBe(cold.text)
  expect(warm.statistics.targetPasses).toBeLessThan(cold.statistics.targetPasses)
  expect(again).toEqual([])

  const untaught = { ...REQUEST, options: { sources: [] } }
  const own = await second.generate(untaught).result
  expect(own.statistics.pool?.hits).toBeGreaterThan(5)
  const other = await second.generate({ ...untaught, tenant: 'other' }).result
  expect(other.text).toBe(cold.text)
  expect(other.statistics.pool).toMatchObject({ size: 0, hits: 0 })
  await expect(async () => second.generate({ ...REQUEST, tenant: '../up' }).result).rejects.toMatchObject({ code: 'E_USAGE' })

  await using third = await small({ folder, name: 'project' })
  expect((await third.generate(REQUEST).result).statistics.targetPasses).toBe(cold.statistics.targetPasses)
})

test('a folder that cannot be used, a file that is damaged: a warning, and the same text', async () => {
  const file = join(root, 'a-file')
  writeFileSync(file, 'in the way')
  const lines: string[] = []
  await using engine = await small({ folder: join(file, 'phrases') }, { onWarning: (line) => lines.push(line) })
  const { text } = await engine.generate(REQUEST).result
  expect(text.length).toBeGreaterThan(10)
  expect(lines.join()).toMatch(/phrases are not kept/)
})

test('forgetting forgets on disk as well', async () => {
  const folder = join(root, 'forgotten')
  const first = await small({ folder })
  const cold = await first.generate(REQUEST).result
  await first.forgetPhrases()
  await first.dispose()
  await using second = await small({ folder })
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect((await second.generate(REQUEST).result).statistics.targetPasses).toBe(cold.statistics.targetPasses)
})

/** Waits until what was kept is in memory. */
async function taken(engine: Awaited<ReturnType<typeof load>>): Promise<void> {
  for (let i = 0; i < 100; i++) {
    const { statistics } = await engine.generate({ ...REQUEST, maxTokens: 2, options: { sources: [] } }).result
    if ((statistics.pool?.size ?? 0) > 50) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('nothing came from the store')
}
