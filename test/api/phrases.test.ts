import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { load } from '../../src/index.ts'
import { COSTS, collect, SMALL, smallEngine } from './small-engine.ts'

const folder = mkdtempSync(join(tmpdir(), 'ouroboros-phrases-'))
afterAll(() => rmSync(folder, { recursive: true }))
const engine = smallEngine({ draft: null })
const REQUEST = { messages: [{ role: 'user', content: 'Write two sentences about the sea.' }] as const, maxTokens: 40 }

test('an expected text is a source of phrases for its request only; the text stays the same', async () => {
  await engine().forgetPhrases()
  const plain = await engine().generate({ ...REQUEST, method: 'vanilla' }).result
  const expected = await engine().generate({ ...REQUEST, prediction: plain.text }).result
  expect(expected.text).toBe(plain.text)
  expect(expected.statistics.tokensBySource.prediction).toBeGreaterThan(10)
  expect(expected.statistics.targetPasses).toBeLessThan(plain.statistics.targetPasses / 2)
  await engine().forgetPhrases()
  const next = await engine().generate(REQUEST).result
  expect(next.statistics.proposedBySource.prediction).toBeUndefined()
})

test('what was answered before is known until it is forgotten', async () => {
  await engine().forgetPhrases()
  const cold = await engine().generate(REQUEST).result
  const warm = await engine().generate(REQUEST).result
  expect(warm.text).toBe(cold.text)
  expect(warm.statistics.targetPasses).toBeLessThan(cold.statistics.targetPasses)
  await engine().forgetPhrases()
  expect((await engine().generate(REQUEST).result).statistics.targetPasses).toBe(cold.statistics.targetPasses)
})

test('measured costs: the text stays the same without phrases, with those of an earlier answer, and with an expected text', async () => {
  await using measured = await load({ ...SMALL, ...COSTS, draft: null })
  const { text } = await measured.generate({ ...REQUEST, method: 'vanilla' }).result
  for (const request of [REQUEST, REQUEST, { ...REQUEST, prediction: text }])
    expect((await measured.generate(request).result).text).toBe(text)
})

test('phrases are learned from the sources asked for only', async () => {
  await engine().forgetPhrases()
  const { statistics } = await engine().generate({ ...REQUEST, options: { sources: [] } }).result
  expect(statistics.pool).toMatchObject({ size: 0, hits: 0 })
})

test('a corpus is known from the start', async () => {
  const { text } = await engine().generate({ ...REQUEST, method: 'vanilla' }).result
  const file = join(folder, 'corpus.txt')
  writeFileSync(file, text)
  await using warm = await load({ ...SMALL, draft: null, corpusFiles: [file] })
  const result = await warm.generate(REQUEST).result
  expect(result.text).toBe(text)
  expect(result.statistics.tokensBySource.corpus).toBeGreaterThan(10)
  await expect(load({ ...SMALL, corpusFiles: [join(folder, 'none')] })).rejects.toMatchObject({ code: 'E_FILE' })
})

test('a trace tells every step: tree, accepted path, what was learned', async () => {
  await engine().forgetPhrases()
  const { steps, tokens } = await collect(engine(), { ...REQUEST, trace: true })
  const traces = steps.flatMap((step) => (step.trace ? [step.trace] : []))
  expect(traces.reduce((sum, trace) => sum + trace.accepted.length, 0)).toBe(tokens.filter(({ origin }) => origin !== 'target').length)
  expect(traces[0]?.learned.length).toBeGreaterThan(0)
  for (const { tree, accepted } of traces) {
    for (const [i, node] of accepted.entries()) expect(tree[node]?.parent).toBe(i === 0 ? -1 : accepted[i - 1])
  }
  expect(traces.at(-1)?.pool?.size).toBeGreaterThan(0)
})
