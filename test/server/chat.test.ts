import { describe, expect, it } from 'vitest'
import type { ChatResponse } from '../../src/server/response-schemas.ts'
import { events, HI, testApp } from './harness.ts'

const CHAT = '/v1/chat/completions'

describe('chat completions', () => {
  it('a whole answer: content, usage, timings, headers', async () => {
    const { post, engine } = testApp()
    const response = await post(CHAT, { ...HI, model: 'big', max_tokens: 50 }, { 'X-Request-Id': 'abc-1' })
    expect(response.status).toBe(200)
    expect(response.headers.get('x-request-id')).toBe('abc-1')
    expect(await response.json()).toMatchObject({
      id: expect.stringMatching(/^chatcmpl-/),
      object: 'chat.completion',
      model: 'big',
      choices: [{ index: 0, message: { role: 'assistant', content: 'Hello there, wide world!' }, logprobs: null, finish_reason: 'stop' }],
      usage: { prompt_tokens: 1, completion_tokens: 4, total_tokens: 5, prompt_tokens_details: { cached_tokens: 0 } },
      timings: {
        predicted_n: 4,
        draft_n: 4,
        draft_n_accepted: 2,
        speculative_decoding: { mean_acceptance_length: 2, num_spec_steps: 2, acceptance_histogram: [0, 0, 2] },
      },
    })
    expect(engine.requests[0]).toMatchObject({ messages: [{ role: 'user', content: 'Hi' }], maxTokens: 50 })
  })

  it('a stream: role first, then text, then the reason, then usage, then the end', async () => {
    const { post } = testApp()
    const response = await post(CHAT, { ...HI, stream: true, stream_options: { include_usage: true } })
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    const chunks = await events(response)
    const deltas = chunks.map((chunk) => (chunk['choices'] as { delta: object; finish_reason: string | null }[])[0])
    expect(deltas.map((choice) => choice?.delta)).toEqual([
      { role: 'assistant', content: null },
      { content: 'Hello there,' },
      { content: ' wide world!' },
      {},
      undefined,
    ])
    expect(deltas.map((choice) => choice?.finish_reason)).toEqual([null, null, null, 'stop', undefined])
    expect(chunks.map((chunk) => chunk['usage'])).toEqual([null, null, null, null, expect.objectContaining({ completion_tokens: 4 })])
    expect(chunks[3]).toHaveProperty('timings.draft_n')
    expect(new Set(chunks.map((chunk) => chunk['id'])).size).toBe(1)
  })

  it('without include_usage no chunk speaks of usage', async () => {
    const chunks = await events(await testApp().post(CHAT, { ...HI, stream: true }))
    expect(chunks.some((chunk) => 'usage' in chunk)).toBe(false)
  })

  it('n choices differ by their seed; streamed, each has its own index', async () => {
    const { post, engine } = testApp({ sessions: 3, answer: ({ seed }) => `seed ${seed}` })
    const whole = (await (await post(CHAT, { ...HI, n: 3, seed: 7 })).json()) as ChatResponse
    expect(whole.choices.map((choice) => choice.message.content)).toEqual(engine.requests.slice(0, 3).map(({ seed }) => `seed ${seed}`))
    expect(whole.usage).toMatchObject({ prompt_tokens: 1, completion_tokens: 6 })
    expect(engine.mostRunning).toBe(3)
    const chunks = await events(await post(CHAT, { ...HI, n: 2, seed: 1, stream: true }))
    const texts = ['', '']
    for (const chunk of chunks)
      for (const { index, delta } of chunk['choices'] as { index: number; delta: { content?: string } }[])
        texts[index] += delta.content ?? ''
    expect(texts).toEqual(engine.requests.slice(3).map(({ seed }) => `seed ${seed}`))
  })

  it('all parameters reach the engine', async () => {
    const { post, engine } = testApp()
    const { status } = await post(CHAT, {
      messages: [
        { role: 'developer', content: 'Be brief.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Hel' },
            { type: 'text', text: 'lo' },
          ],
        },
      ],
      max_completion_tokens: 9,
      max_tokens: 5,
      temperature: 0.7,
      top_p: 0.9,
      top_k: 40,
      min_p: 0.05,
      presence_penalty: 0.5,
      frequency_penalty: 0.25,
      repeat_penalty: 1.1,
      repeat_last_n: 32,
      logit_bias: { 15: -100 },
      seed: 42,
      stop: ['END', 'STOP'],
      logprobs: true,
      top_logprobs: 2,
      response_format: { type: 'json_schema', json_schema: { name: 'x', schema: { type: 'object' }, strict: true } },
      prediction: { type: 'content', content: 'old text' },
      speculative: { type: 'draft-simple', n_max: 4, p_min: 0.5 },
      user: 'someone',
      metadata: { ignored: true },
    })
    expect(status).toBe(200)
    expect(engine.requests[0]).toMatchObject({
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hello' },
      ],
      maxTokens: 9,
      temperature: 0.7,
      topP: 0.9,
      topK: 40,
      minP: 0.05,
      presencePenalty: 0.5,
      frequencyPenalty: 0.25,
      repeatPenalty: 1.1,
      penaltyLastN: 32,
      logitBias: { 15: -100 },
      seed: 42,
      stop: ['END', 'STOP'],
      logprobs: 2,
      jsonSchema: { type: 'object' },
      prediction: 'old text',
      method: 'speculative',
      options: { draftLength: 4, minProbability: 0.5 },
    })
  })

  it('speculative: false is plain decoding; the server’s defaults hold where nothing is said', async () => {
    const { post, engine } = testApp({}, { defaults: { temperature: 0.6, method: 'lookahead' } })
    await post(CHAT, { ...HI, speculative: false })
    await post(CHAT, HI)
    await post(CHAT, { ...HI, temperature: 0 })
    expect(engine.requests.map(({ method, temperature }) => ({ method, temperature }))).toEqual([
      { method: 'vanilla', temperature: 0.6 },
      { method: 'lookahead', temperature: 0.6 },
      { method: 'lookahead', temperature: 0 },
    ])
    const props = await testApp({}, { defaults: { topK: 3 } }).app.request('/props')
    expect(await props.json()).toMatchObject({ default_generation_settings: { n_ctx: 4096, params: { top_k: 3 } } })
  })

  it('max_tokens ends with length; a stop text is not in the answer', async () => {
    const { post } = testApp()
    expect(await (await post(CHAT, { ...HI, max_tokens: 2 })).json()).toMatchObject({
      choices: [{ message: { content: 'Hello there,' }, finish_reason: 'length' }],
    })
    expect(await (await post(CHAT, { ...HI, stop: ' wide' })).json()).toMatchObject({
      choices: [{ message: { content: 'Hello there,' }, finish_reason: 'stop' }],
    })
  })

  it('log-probabilities: every token with its alternatives, whole and streamed', async () => {
    const { post } = testApp()
    const whole = (await (await post(CHAT, { ...HI, logprobs: true, top_logprobs: 2, max_tokens: 1 })).json()) as ChatResponse
    expect(whole.choices[0]?.logprobs).toEqual({
      content: [
        {
          token: 'Hello',
          logprob: -0.5,
          bytes: [72, 101, 108, 108, 111],
          top_logprobs: [{ token: 'Hello', logprob: -0.5, bytes: [72, 101, 108, 108, 111] }, expect.objectContaining({ logprob: -1.5 })],
        },
      ],
      refusal: null,
    })
    const chunks = await events(await post(CHAT, { ...HI, logprobs: true, stream: true }))
    const tokens = chunks.flatMap((chunk) =>
      (chunk['choices'] as { logprobs: { content: { token: string }[] } | null }[]).flatMap(({ logprobs }) => logprobs?.content ?? []),
    )
    expect(tokens.map(({ token }) => token).join('')).toBe('Hello there, wide world!')
  })
})
