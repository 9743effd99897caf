import { describe, expect, it } from 'vitest'
import { events, testApp } from './harness.ts'

const PATH = '/v1/completions'

describe('text completions', () => {
  it('a whole answer, with the prompt where echo is asked for', async () => {
    const { post } = testApp({ answer: () => ' upon a time' })
    expect(await (await post(PATH, { prompt: 'Once', echo: true })).json()).toMatchObject({
      id: expect.stringMatching(/^cmpl-/),
      object: 'text_completion',
      choices: [{ index: 0, text: 'Once upon a time', logprobs: null, finish_reason: 'stop' }],
      usage: { prompt_tokens: 1, completion_tokens: 3 },
    })
  })

  it('several prompts, as text and as tokens, times n', async () => {
    const { post, engine } = testApp({ answer: ({ prompt, promptTokens, seed }) => `${prompt ?? promptTokens?.join('+')}/${seed}` })
    const texts = async (prompt: unknown, n = 1) => {
      const body = (await (await post(PATH, { prompt, n, seed: 0 })).json()) as {
        choices: { index: number; text: string }[]
        usage: object
      }
      expect(body.choices.map(({ index }) => index)).toEqual([...body.choices.keys()])
      return body.choices.map(({ text }) => text)
    }
    const [first, second, ...others] = await texts(['a', 'b'], 2)
    expect([first, second]).toEqual(['a/0', `a/${engine.requests[1]?.seed}`])
    expect(others).toEqual([first, second].map((text) => text?.replace('a', 'b')))
    expect(await texts([3, 4])).toEqual(['3+4/0'])
    expect(await texts([[3, 4], [5]])).toEqual(['3+4/0', '5/0'])
    expect(engine.mostRunning).toBe(2)
  })

  it('usage counts each prompt once', async () => {
    const { post } = testApp()
    expect(await (await post(PATH, { prompt: ['one two', 'three'], n: 2 })).json()).toMatchObject({ usage: { prompt_tokens: 3 } })
  })

  it('a stream with usage, and log-probabilities with offsets', async () => {
    const { post } = testApp()
    const chunks = await events(await post(PATH, { prompt: 'x', stream: true, logprobs: 1, stream_options: { include_usage: true } }))
    const choices = chunks.flatMap(
      (chunk) => chunk['choices'] as { text: string; logprobs: { text_offset: number[]; tokens: string[] } | null }[],
    )
    expect(choices.map(({ text }) => text).join('')).toBe('Hello there, wide world!')
    expect(choices.flatMap(({ logprobs }) => logprobs?.text_offset ?? [])).toEqual([0, 5, 12, 17])
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: 4 } })
  })
})

describe('other routes', () => {
  it('tokens there and back, with pieces', async () => {
    const { post } = testApp()
    const { tokens } = (await (await post('/tokenize', { content: 'one two one' })).json()) as { tokens: number[] }
    expect(await (await post('/detokenize', { tokens })).json()).toEqual({ content: 'one two one' })
    expect(await (await post('/tokenize', { content: 'one two', with_pieces: true })).json()).toEqual({
      tokens: [
        { id: expect.any(Number), piece: 'one' },
        { id: expect.any(Number), piece: ' two' },
      ],
    })
  })

  it('models, health, props, the description of the API', async () => {
    const { app } = testApp({}, { model: 'mine' })
    const get = async (path: string) => (await app.request(path)).json()
    expect(await get('/v1/models')).toMatchObject({ object: 'list', data: [{ id: 'mine', object: 'model' }] })
    expect(await get('/v1/models/mine')).toMatchObject({ id: 'mine' })
    expect((await app.request('/v1/models/other')).status).toBe(404)
    expect(await get('/health')).toEqual({ status: 'ok', slots_idle: 2, slots_processing: 0 })
    expect(await get('/props')).toMatchObject({ model_alias: 'mine', total_slots: 2, n_ctx: 4096, draft: { description: 'a fake' } })
    const document = (await get('/openapi.json')) as { openapi: string; paths: Record<string, object> }
    expect(document.openapi).toBe('3.1.0')
    expect(Object.keys(document.paths).sort()).toEqual([
      '/apply-template',
      '/completion',
      '/detokenize',
      '/health',
      '/phrases',
      '/props',
      '/slots',
      '/tokenize',
      '/v1/chat/completions',
      '/v1/chat/completions/input_tokens',
      '/v1/completions',
      '/v1/messages',
      '/v1/messages/count_tokens',
      '/v1/models',
      '/v1/models/{model}',
      '/v1/responses',
    ])
  })

  it('metrics: absent unless asked for; names of llama.cpp and vLLM', async () => {
    expect((await testApp().app.request('/metrics')).status).toBe(501)
    const { app, post } = testApp({}, { metrics: true })
    await post(PATH, { prompt: 'x' })
    const text = await (await app.request('/metrics')).text()
    for (const line of [
      'ouroboros:spec_decode_num_drafts_total 2',
      'ouroboros:spec_decode_num_draft_tokens_total 4',
      'ouroboros:spec_decode_num_accepted_tokens_total 2',
      'ouroboros:spec_decode_num_accepted_tokens_per_pos_total{position="0"} 2',
      'ouroboros:requests_processing 0',
      'ouroboros:requests_deferred 0',
      'ouroboros:step_seconds_total{phase="verify"} 0.001',
      'ouroboros:http_requests_total{route="/v1/completions",status="200"} 1',
      'ouroboros:time_to_first_token_seconds_count 1',
    ])
      expect(text).toContain(line)
  })
})
