import { expect, it } from 'vitest'
import { HI, testApp } from './harness.ts'

it('an answer that its client gave up is counted and logged', async () => {
  const lines: { what: string; finish?: string }[] = []
  const log = { info: (about: object, what: string) => void lines.push({ ...about, what }), warn() {}, error() {} }
  const { app, post } = testApp({ stepMs: 20 }, { metrics: true, log })
  const response = await post('/v1/chat/completions', { ...HI, stream: true })
  const reader = response.body?.getReader()
  await reader?.read()
  await reader?.cancel()
  expect(lines.map(({ what, finish }) => [what, finish])).toContainEqual(['answer', 'abort'])
  expect(await (await app.request('/metrics')).text()).toContain('ouroboros:request_success_total{finished_reason="abort"} 1')
})
