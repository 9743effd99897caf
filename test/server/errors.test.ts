import { describe, expect, it } from 'vitest'
import { HI, testApp } from './harness.ts'

const CHAT = '/v1/chat/completions'

describe('what is wrong is refused in OpenAI’s shape', () => {
  it.each<[string, string, unknown, number, RegExp]>([
    ['malformed JSON', CHAT, '{"messages": [', 400, /not JSON/],
    ['no JSON object', CHAT, '[]', 400, /object/],
    ['no messages', CHAT, {}, 400, /messages/],
    ['empty messages', CHAT, { messages: [] }, 400, /messages/],
    ['a wrong role', CHAT, { messages: [{ role: 'robot', content: 'x' }] }, 400, /messages\.0\.role/],
    ['an image', CHAT, { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'x' } }] }] }, 400, /text parts/],
    ['a wrong type', CHAT, { ...HI, temperature: 'hot' }, 400, /temperature/],
    ['n too large', CHAT, { ...HI, n: 1000 }, 400, /^n:/],
    ['top_logprobs alone', CHAT, { ...HI, top_logprobs: 3 }, 400, /logprobs: true/],
    ['an empty stop', CHAT, { ...HI, stop: '' }, 400, /stop/],
    ['a bias for an empty text', CHAT, { ...HI, logit_bias: { '': 1 } }, 400, /logit_bias/],
    ['an unknown method', CHAT, { ...HI, speculative: { type: 'magic' } }, 400, /speculative/],
    ['an unknown model', CHAT, { ...HI, model: 'gpt-4' }, 404, /"gpt-4" is not served.*"big"/],
    ['a prompt over the context', CHAT, { messages: [{ role: 'user', content: 'x '.repeat(5000) }] }, 400, /context/],
    ['far over the context', CHAT, { messages: [{ role: 'user', content: 'x '.repeat(500_000) }] }, 400, /characters/],
    [
      'an invalid schema',
      CHAT,
      { ...HI, response_format: { type: 'json_schema', json_schema: { schema: { type: 'nonsense' } } } },
      400,
      /schema/,
    ],
    ['an invalid grammar', CHAT, { ...HI, grammar: 'nonsense' }, 400, /root/],
    ['schema and grammar', CHAT, { ...HI, grammar: 'root ::= "a"', response_format: { type: 'json_object' } }, 400, /only one/],
    [
      'arguments that are no JSON',
      CHAT,
      {
        messages: [{ role: 'assistant', tool_calls: [{ function: { name: 'f', arguments: '{' } }] }],
      },
      400,
      /arguments/,
    ],
    ['an empty prompt', '/v1/completions', { prompt: '' }, 400, /prompt/],
    ['a suffix', '/v1/completions', { prompt: 'x', suffix: 'y' }, 400, /suffix/],
    ['echo with logprobs', '/v1/completions', { prompt: 'x', echo: true, logprobs: 1 }, 400, /echo/],
    ['embeddings', '/v1/embeddings', { input: 'x' }, 404, /not served/],
    ['an unknown route', '/v1/nothing', {}, 404, /there is no POST/],
    ['tokens beyond the vocabulary', '/detokenize', { tokens: [1e6] }, 400, /no such token/],
    ['no text to tokenize', '/tokenize', {}, 400, /content/],
  ])('%s', async (_, path, body, status, message) => {
    const response = await testApp().post(path, body)
    expect(response.status).toBe(status)
    const { error } = (await response.json()) as { error: { message: string } }
    expect(error).toMatchObject({
      message: expect.stringMatching(message),
      type: expect.stringMatching(/^(invalid_request|exceed_context_size)_error$/),
    })
    expect(error).toHaveProperty('param')
    expect(error).toHaveProperty('code')
  })

  it('a body that is no JSON by its type, and invalid UTF-8', async () => {
    const { app } = testApp()
    const plain = await app.request(CHAT, { method: 'POST', body: JSON.stringify(HI), headers: { 'Content-Type': 'text/plain' } })
    expect(plain.status).toBe(415)
    const bytes = new Uint8Array([0x7b, 0xff, 0xfe, 0x7d])
    const invalid = await app.request(CHAT, { method: 'POST', body: bytes, headers: { 'Content-Type': 'application/json' } })
    expect(invalid.status).toBe(400)
  })

  it('a failure inside is a 500 that tells nothing, and the log has it', async () => {
    const lines: object[] = []
    const log = { info() {}, warn() {}, error: (about: object) => void lines.push(about) }
    const { post } = testApp(
      {
        answer: () => {
          throw new Error('secret detail')
        },
      },
      { log },
    )
    const response = await post(CHAT, HI)
    expect(response.status).toBe(500)
    expect(await response.text()).not.toContain('secret')
    expect(JSON.stringify(lines)).toContain('secret detail')
  })

  it('an engine that is gone: 503, and the probe says so', async () => {
    const { post, engine, app } = testApp()
    await engine.dispose()
    expect((await post(CHAT, HI)).status).toBe(503)
    expect((await app.request('/health')).status).toBe(503)
  })
})
