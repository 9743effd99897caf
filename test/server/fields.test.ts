import { describe, expect, it } from 'vitest'
import { events, HI, testApp } from './harness.ts'

const CHAT = '/v1/chat/completions'
const TEXT = '/v1/completions'

/** The engine's requests for a body, or the refusal. */
async function asked(body: object, path = CHAT, engine = {}, options = {}) {
  const app = testApp(engine, options)
  const response = await app.post(path, path === CHAT ? { ...HI, ...body } : { prompt: 'x', ...body })
  const answer = (await response.json()) as { error?: { message: string; param: string | null; code: string } }
  return { requests: app.engine.requests, request: app.engine.requests[0], status: response.status, error: answer.error, answer }
}

describe('fields of llama.cpp and vLLM are done', () => {
  it.each<[object, object]>([
    [{ n_predict: 7 }, { maxTokens: 7 }],
    [{ max_tokens: -1 }, { maxTokens: -1 }],
    [{ repetition_penalty: 1.1 }, { repeatPenalty: 1.1, penaltyLastN: -1 }],
    [
      { repetition_penalty: 1.1, repeat_last_n: 8 },
      { repeatPenalty: 1.1, penaltyLastN: 8 },
    ],
    [{ top_k: -1 }, { topK: 0 }],
    [{ ignore_eos: true }, { ignoreEos: true }],
    [{ cache_prompt: false }, { maxCachedTokens: 0 }],
    [{ json_schema: { type: 'integer' } }, { jsonSchema: { type: 'integer' } }],
    [{ guided_json: { type: 'integer' } }, { jsonSchema: { type: 'integer' } }],
    [{ guided_choice: ['a "b"', 'c\n'] }, { grammar: 'root ::= "a \\"b\\"" | "c\\n"' }],
    [{ structured_outputs: { choice: ['yes', 'no'] } }, { grammar: 'root ::= "yes" | "no"' }],
    [{ structured_outputs: { grammar: 'root ::= "a"' } }, { grammar: 'root ::= "a"' }],
    [{ grammar: '\uFEFFroot ::= "a"' }, { grammar: 'root ::= "a"' }],
  ])('%j', async (body, expected) => {
    for (const path of [CHAT, TEXT]) {
      const { request, status } = await asked(body, path)
      expect(status).toBe(200)
      expect(request).toMatchObject(expected)
    }
  })

  it.each<[object, object]>([
    [{ response_format: { type: 'json_object', schema: { type: 'integer' } } }, { jsonSchema: { type: 'integer' } }],
    [{ chat_template_kwargs: { enable_thinking: false } }, { chatTemplateKwargs: { enable_thinking: false } }],
    [{ enable_thinking: true }, { chatTemplateKwargs: { enable_thinking: true } }],
    [{ reasoning_effort: 'none' }, { chatTemplateKwargs: { reasoning_effort: 'none', enable_thinking: false } }],
    [{ continue_final_message: true }, { continueFinalMessage: true }],
    [{ add_generation_prompt: false }, { addGenerationPrompt: false }],
  ])('of chats: %j', async (body, expected) => {
    expect((await asked(body)).request).toMatchObject(expected)
  })

  it('what clients send with every request and changes nothing is taken', async () => {
    const neutral = {
      user: 'me',
      metadata: { a: 1 },
      store: true,
      cache_prompt: true,
      id_slot: -1,
      typical_p: 1,
      mirostat: 0,
      min_tokens: 0,
    }
    const more = { skip_special_tokens: true, stop_token_ids: [], best_of: 1, logits_processors: null, dry_multiplier: 0 }
    expect((await asked({ ...neutral, ...more }, TEXT)).status).toBe(200)
    expect((await asked({ ...neutral, modalities: ['text'], verbosity: 'medium', function_call: null })).status).toBe(200)
  })
})

describe('what would change the answer and is not done is refused by its name', () => {
  it.each<[string, object]>([
    ['typical_p', { typical_p: 0.5 }],
    ['mirostat', { mirostat: 2 }],
    ['stop_token_ids', { stop_token_ids: [1] }],
    ['guided_regex', { guided_regex: 'a+' }],
    ['lora', { lora: [{ id: 0, scale: 1 }] }],
    ['samplers', { samplers: ['top_k'] }],
    ['temprature', { temprature: 1 }],
    ['num_ctx', { num_ctx: 1 }],
  ])('%s', async (name, body) => {
    for (const path of [CHAT, TEXT]) {
      const { status, error } = await asked(body, path)
      expect(status).toBe(400)
      expect(error?.message).toContain(name)
      expect(error?.param).toMatch(new RegExp(`^${name}`))
    }
  })

  it.each<[string, object]>([
    ['functions', { functions: [{ name: 'f' }] }],
    ['function_call', { function_call: 'auto' }],
    ['chat_template', { chat_template: '{{ x }}' }],
    ['documents', { documents: [{}] }],
    ['response_format', { json_schema: true, grammar: 'root ::= "a"' }],
  ])('of chats: %s', async (name, body) => {
    const { status, error } = await asked(body)
    expect(status).toBe(400)
    expect(`${error?.param} ${error?.message}`).toContain(name)
  })

  it('more answers than can ever be given at once', async () => {
    const { status, error } = await asked({ n: 5 }, CHAT, { sessions: 2 }, { limits: { queued: 2 } })
    expect(status).toBe(400)
    expect(error).toMatchObject({ param: 'n', message: expect.stringContaining('at most 4') })
  })

  it('half a character to stop at', async () => {
    const { status, error } = await asked({ stop: '\ud83d' })
    expect(status).toBe(400)
    expect(error?.message).toMatch(/surrogate/)
  })
})

describe('seeds', () => {
  it('below 0 and without one: another each time; 0 is a seed', async () => {
    const seeds = await Promise.all([-1, -1, undefined, undefined].map(async (seed) => (await asked({ seed })).request?.seed))
    expect(new Set(seeds).size).toBe(4)
    expect((await asked({ seed: 0 })).request?.seed).toBe(0)
  })

  it('choices do not share seeds with a request whose seed is nearby', async () => {
    const seedsOf = async (seed: number) => (await asked({ seed, n: 4, temperature: 1 })).requests.map((one) => one.seed)
    const [a, b] = [await seedsOf(5), await seedsOf(6)]
    expect(a?.[0]).toBe(5)
    expect(new Set([...a, ...b]).size).toBe(8)
    expect(await seedsOf(5)).toEqual(a)
  })
})

describe('thoughts', () => {
  const answer = () => '<think>\nTwo and two.\n</think>\n\nFour.'

  it('are reasoning_content', async () => {
    const { answer: body } = await asked({}, CHAT, { answer })
    expect(body).toMatchObject({ choices: [{ message: { reasoning_content: 'Two and two.', content: 'Four.' } }] })
  })

  it('begin with the answer where the template has opened them', async () => {
    const { answer: body } = await asked({}, CHAT, { answer: () => 'Two.</think>Four.', isThinking: true })
    expect(body).toMatchObject({ choices: [{ message: { reasoning_content: 'Two.', content: 'Four.' } }] })
  })

  it('stay in the content, or are left out, where that is wanted', async () => {
    expect((await asked({ reasoning_format: 'none' }, CHAT, { answer })).answer).toMatchObject({
      choices: [{ message: { content: answer() } }],
    })
    const silent = (await asked({ include_reasoning: false }, CHAT, { answer })).answer
    expect(JSON.stringify(silent)).not.toContain('Two')
    const server = await asked({}, CHAT, { answer }, { reasoningFormat: 'none' })
    expect(server.answer).toMatchObject({ choices: [{ message: { content: answer() } }] })
  })

  it('stream before the content', async () => {
    const { post } = testApp({ answer, stepWords: 1 })
    const chunks = await events(await post(CHAT, { ...HI, stream: true }))
    const deltas = chunks.flatMap(({ choices }) => (choices as { delta: Record<string, string> }[]).map(({ delta }) => delta))
    expect(deltas.map((delta) => delta.reasoning_content ?? '').join('')).toBe('Two and two.')
    expect(deltas.map((delta) => delta.content ?? '').join('')).toBe('Four.')
  })

  it('go back to the engine with the history', async () => {
    const messages = [...HI.messages, { role: 'assistant', content: 'Four.', reasoning_content: 'Two and two.' }, ...HI.messages]
    expect((await asked({ messages })).request?.messages?.[1]).toEqual({ role: 'assistant', content: 'Four.', reasoning: 'Two and two.' })
  })
})

it('paths without /v1, and with a slash at their end', async () => {
  for (const path of ['/chat/completions', '/v1/chat/completions/', '/completions', '/v1/completions//'])
    expect((await testApp().post(path, path.includes('chat') ? HI : { prompt: 'x' })).status).toBe(200)
  for (const path of ['/models', '/v1/models/', '/models/big', '/health/']) expect((await testApp().app.request(path)).status).toBe(200)
})

it('pieces that are parts of characters are told in bytes', async () => {
  const app = testApp()
  app.engine.pieces = async () => [
    [0xf0, 0x9f],
    [0x68, 0x69],
    [0xef, 0xbb, 0xbf],
  ]
  const body = (await (await app.post('/tokenize', { content: 'a b c', with_pieces: true })).json()) as { tokens: { piece: unknown }[] }
  expect(body.tokens.map(({ piece }) => piece)).toEqual([[0xf0, 0x9f], 'hi', '\uFEFF'])
})

it('/tokenize honors parse_special and add_special', async () => {
  const app = testApp()
  const options: unknown[] = []
  app.engine.tokenize = async (_, given) => {
    options.push(given)
    return []
  }
  await app.post('/tokenize', { content: '<|im_end|>' })
  await app.post('/tokenize', { content: '<|im_end|>', parse_special: false, add_special: true })
  expect(options).toEqual([
    { special: true, bos: false },
    { special: false, bos: true },
  ])
})
