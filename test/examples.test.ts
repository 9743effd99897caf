import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it, test } from 'vitest'
import { isBuilt, runExample } from './run-example.ts'

const folder = new URL('../examples/', import.meta.url)

test.each(readdirSync(folder))('examples/%s says how it is run', (name) => {
  expect(readFileSync(new URL(name, folder), 'utf8')).toMatch(new RegExp(`^//.*\\bRun: npx tsx examples/${name}$`, 'ms'))
})

/** The others need a model: test/e2e/examples.test.ts. */
describe.skipIf(!isBuilt)('examples without weights', () => {
  it('testing-with-fake-model', async () => {
    const { code, stdout, stderr } = await runExample('testing-with-fake-model')
    expect(code, stderr).toBe(0)
    expect(stdout).toMatch(/^(\d+ ){49}\d+\n\d\.\d\d tokens per pass\n$/)
  })

  it('own-drafter', async () => {
    const { code, stdout, stderr } = await runExample('own-drafter')
    expect(code, stderr).toBe(0)
    const [, own, plain] = stdout.match(/^the same text in (\d+) instead of (\d+) passes\n$/) ?? []
    expect(Number(own)).toBeLessThan(Number(plain))
  })
})
