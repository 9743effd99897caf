import { describe, expect, it } from 'vitest'
import { testApp } from './harness.ts'

const PATH = '/completion'
type Answer = Record<string, unknown>

async function ask(body: object, options = {}): Promise<Answer> {
  const response = await testApp({}, options).post(PATH, body)
  expect(response.status).toBe(200)
  return (await response.json()) as Answer
}

describe('llama.cpp’s own completion', () => {
  it('has its fields', async () => {
    const answer = await ask({ prompt: 'one two', n_predict: 3, return_tokens: true, seed: 7 })
    expect(answer).toMatchObject({
      content: 'Hello there, wide',
      index: 0,
      stop: true,
      stop_type: 'limit',
      stopping_word: '',
      truncated: false,
      has_new_line: false,
      prompt: 'one two',
      tokens_predicted: 3,
      tokens_evaluated: 2,
      generation_settings: { n_predict: 3, seed: 7, adaptive_target: -1 },
      timings: { prompt_n: 2, predicted_n: 3 },
    })
    expect(answer['tokens']).toHaveLength(3)
    expect((await ask({ prompt: 'x' }))['tokens']).toEqual([])
    expect(await ask({ prompt: 'x', stop: [' wide'] })).toMatchObject({ stop_type: 'word', stopping_word: ' wide' })
    expect(await ask({ prompt: 'x' })).toMatchObject({ stop_type: 'eos' })
  })

  it('streams one token per event, and the end without [DONE]', async () => {
    const response = await testApp().post(PATH, { prompt: 'one', stream: true, n_probs: 2 })
    const chunks = (await response.text())
      .split('\n\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line.replace(/^data: /, '')) as Answer)
    expect(chunks.map(({ content }) => content)).toEqual(['Hello', ' there,', ' wide', ' world!', ''])
    expect(chunks.map(({ stop }) => stop)).toEqual([false, false, false, false, true])
    for (const { tokens, completion_probabilities: chances } of chunks.slice(0, -1)) {
      expect(tokens).toHaveLength(1)
      expect(chances).toEqual([expect.objectContaining({ id: expect.any(Number), logprob: -0.5 })])
    }
  })

  it('takes prompts in every form; a list with token ids is one prompt', async () => {
    const { app, engine, post } = testApp({ facts: { sessions: 4 } })
    const { tokens } = (await (await post('/tokenize', { content: 'one two' })).json()) as { tokens: number[] }
    const several = await post(PATH, { prompt: [tokens, 'one', { prompt_string: 'two' }] })
    expect(((await several.json()) as Answer[]).map(({ prompt, index }) => [prompt, index])).toEqual([
      ['one two', 0],
      ['one', 1],
      ['two', 2],
    ])
    await post('/completions', { prompt: [...tokens, 'one'] })
    expect(engine.requests.at(-1)?.promptTokens).toEqual([...tokens, tokens[0]])
    for (const prompt of [[], '', { prompt_string: 'x', multimodal_data: ['y'] }]) expect((await post(PATH, { prompt })).status).toBe(400)
    expect((await app.request(PATH)).status).toBe(404)
  })

  it('gives only the fields that are wanted', async () => {
    const wanted = ['content', 'generation_settings/n_predict', 'prompt', 'nothing/at/all']
    expect(await ask({ prompt: 'x', n_predict: 2, response_fields: wanted })).toEqual({
      content: 'Hello there,',
      'generation_settings/n_predict': 2,
      prompt: 'x',
    })
  })

  it('biases by token and by text; the end that is not picked is among them', async () => {
    for (const bias of [
      { ' one': -5, 7: 2 },
      [
        [' one', -5],
        [7, 2],
      ],
    ]) {
      const { engine, post } = testApp()
      expect((await post(PATH, { prompt: 'x', logit_bias: bias })).status).toBe(200)
      const [id] = await engine.tokenize(' one')
      expect(engine.requests[0]?.logitBias).toEqual({ [String(id)]: -5, 7: 2 })
    }
    const { generation_settings: settings } = await ask({ prompt: 'x', ignore_eos: true })
    expect((settings as Answer)['logit_bias']).toEqual([{ token: 2, bias: null }])
  })
})

it('takes how to draft in llama.cpp’s spelling as well', async () => {
  const { engine, post } = testApp()
  await post(PATH, { prompt: 'x', 'speculative.n_max': 3, 'speculative.type': 'draft-simple' })
  await post(PATH, { prompt: 'x', speculative: { type: 'draft-simple', n_max: 3 } })
  expect(engine.requests[0]?.options).toEqual({ draftLength: 3 })
  expect(engine.requests[0]?.method).toBe('speculative')
  expect(engine.requests[1]).toMatchObject({ method: 'speculative', options: { draftLength: 3 } })
  expect((await post(PATH, { prompt: 'x', 'speculative.n_most': 3 })).status).toBe(400)
})

describe('min_tokens', () => {
  it('goes to the engine, and is refused where the answer ends otherwise', async () => {
    for (const path of [PATH, '/v1/completions']) {
      const { engine, post } = testApp()
      await post(path, { prompt: 'x', min_tokens: 5 })
      expect(engine.requests[0]?.minTokens).toBe(5)
      for (const other of [{ stop: 'a' }, { grammar: 'root ::= "a"' }, { json_schema: {} }])
        expect((await post(path, { prompt: 'x', min_tokens: 5, ...other })).status).toBe(400)
    }
  })
})

describe('what llama.cpp tells about itself', () => {
  it('slots, or that they are switched off', async () => {
    expect(await (await testApp({ sessions: 2 }).app.request('/slots')).json()).toEqual(
      [0, 1].map((id) => ({ id, n_ctx: 4096, speculative: true, is_processing: false })),
    )
    expect((await testApp({}, { slots: false }).app.request('/slots')).status).toBe(501)
  })

  it('a conversation as the model reads it, and its length', async () => {
    const { post } = testApp()
    const messages = [{ role: 'user', content: 'one two' }]
    expect(await (await post('/apply-template', { messages })).json()).toEqual({ prompt: 'user: one two\n' })
    for (const path of ['/v1/messages/count_tokens', '/v1/chat/completions/input_tokens', '/chat/completions/input_tokens'])
      expect(await (await post(path, { messages })).json()).toEqual({ input_tokens: 4 })
  })

  it('the model by several names', async () => {
    const { app, post } = testApp({}, { model: 'a', aliases: ['b'] })
    const { data } = (await (await app.request('/v1/models')).json()) as { data: object[] }
    expect(data).toEqual([expect.objectContaining({ id: 'a', aliases: ['b'] })])
    for (const [model, status] of [
      ['a', 200],
      ['b', 200],
      [null, 200],
      ['c', 404],
    ] as const)
      expect((await post('/v1/completions', { prompt: 'x', model })).status).toBe(status)
  })

  it('counters under its own names', async () => {
    const { app, post } = testApp({}, { metrics: true })
    await post(PATH, { prompt: 'one two', n_predict: 3 })
    const response = await app.request('/metrics')
    expect(response.headers.get('process-start-time-unix')).toMatch(/^\d+$/)
    const text = await response.text()
    for (const line of ['prompt_tokens_total 2', 'tokens_predicted_total 3', 'n_tokens_max 5', 'n_decode_total 2', 'requests_processing 0'])
      expect(text).toContain(`\nllamacpp:${line}\n`)
  })
})
