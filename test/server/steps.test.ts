import { describe, expect, it } from 'vitest'
import { events, HI, testApp } from './harness.ts'

const CHAT = '/v1/chat/completions'
interface Choice {
  steps?: { text: string; tokens: { text: string; origin: string }[] }[]
  delta?: { content?: string }
}

describe('steps of a chat', () => {
  it('are in the chunks when asked for: text, and who wrote each token', async () => {
    const { post } = testApp()
    const chunks = await events(await post(CHAT, { ...HI, stream: true, steps: true }))
    const choices = chunks.flatMap(({ choices }) => choices as Choice[])
    const steps = choices.flatMap((choice) => choice.steps ?? [])
    const content = choices.map(({ delta }) => delta?.content ?? '').join('')
    expect(steps.map(({ text }) => text).join('')).toBe(content)
    expect(steps.flatMap(({ tokens }) => tokens)).toContainEqual({ text: ' there,', origin: 'draft' })
  })

  it('are in a whole answer as well', async () => {
    const { choices } = (await (await testApp().post(CHAT, { ...HI, steps: true })).json()) as { choices: Choice[] }
    expect(choices[0]?.steps?.map(({ text }) => text).join('')).toBe('Hello there, wide world!')
  })

  it('are left out otherwise', async () => {
    const text = await (await testApp().post(CHAT, { ...HI, stream: true })).text()
    expect(text).not.toContain('"steps"')
  })

  it('ask the engine for a trace only where one is wanted', async () => {
    const { post, engine } = testApp()
    await post(CHAT, { ...HI, steps: true })
    await post(CHAT, { ...HI, steps: 'trace' })
    expect(engine.requests.map(({ trace }) => trace)).toEqual([undefined, true])
    expect((await post(CHAT, { ...HI, steps: 'all' })).status).toBe(400)
  })
})

it('DELETE /phrases empties the pools', async () => {
  const { app, engine } = testApp({}, { apiKeys: ['k'] })
  let forgotten = 0
  engine.forgetPhrases = async () => void forgotten++
  expect((await app.request('/phrases', { method: 'DELETE' })).status).toBe(401)
  expect((await app.request('/phrases', { method: 'DELETE', headers: { Authorization: 'Bearer k' } })).status).toBe(204)
  expect(forgotten).toBe(1)
})
