import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { testApp } from './harness.ts'

it('every metric of the dashboard is there', async () => {
  const { app, post } = testApp({}, { metrics: true })
  await post('/v1/completions', { prompt: 'x' })
  const text = await (await app.request('/metrics')).text()
  const dashboard = readFileSync(new URL('../../docs/grafana-dashboard.json', import.meta.url), 'utf8')
  const names = new Set([...dashboard.matchAll(/(ouroboros:\w+|process_\w+)/g)].map(([name]) => name))
  expect(names.size).toBeGreaterThan(15)
  for (const name of names) expect(text).toContain(`\n${name}`)
})
