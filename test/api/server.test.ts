import fc from 'fast-check'
import { expect, test } from 'vitest'
import { load } from '../../src/index.ts'
import { createApp } from '../../src/server/app.ts'
import type { ChatResponse } from '../../src/server/response-schemas.ts'
import { Serving } from '../../src/server/serving.ts'
import { arbitraryOf, type JsonSchema } from '../server/schema-arbitrary.ts'
import { COSTS, SMALL, smallEngine } from './small-engine.ts'

const engine = smallEngine({ ...COSTS, sessions: 4 })

async function post(path: string, body: object, served = engine()) {
  const app = createApp(new Serving(served, {}))
  const response = await app.request(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })
  return { status: response.status, text: await response.text() }
}

async function chat(body: object, served = engine()): Promise<ChatResponse> {
  const messages = [{ role: 'user', content: 'Write one short sentence about the sea.' }]
  const { status, text } = await post('/v1/chat/completions', { messages, max_tokens: 24, ...body }, served)
  if (status !== 200) throw new Error(text)
  return JSON.parse(text)
}

test('the text is plain decoding’s, with its timings', async () => {
  const [plain, drafted] = [await chat({ speculative: false }), await chat({})]
  expect(drafted.choices).toEqual(plain.choices)
  expect(plain.timings?.draft_n).toBe(0)
  expect(drafted.timings?.speculative_decoding.num_spec_steps).toBeGreaterThan(0)
})

test('log-probabilities are those of the target, whatever the method', async () => {
  const ask = { logprobs: true, top_logprobs: 3 }
  const [plain, drafted] = [await chat({ ...ask, speculative: false }), await chat(ask)]
  const values = (answer: ChatResponse) => answer.choices[0]?.logprobs?.content.map(({ logprob }) => logprob) ?? []
  expect(values(plain).length).toBeGreaterThan(0)
  expect(values(drafted)).toEqual(values(plain))
})

test('a repeated request gets the same answer, whichever slot it gets and whoever is answered beside it', async () => {
  const ask = { logprobs: true, temperature: 0.7, seed: 4 }
  const first = await chat(ask)
  const others = [...(await Promise.all([chat({ max_tokens: 40, seed: 5 }), chat(ask), chat(ask)])).slice(1), await chat(ask)]
  for (const other of others) expect(other.choices).toEqual(first.choices)
})

test('one greedy request, again and again on idle slots that take turns, has equal bytes', async () => {
  const answers: string[] = []
  for (let i = 0; i < 6; i++) answers.push(JSON.stringify((await chat({ max_tokens: 60, logit_bias: { 2: -100 } })).choices))
  expect(new Set(answers).size).toBe(1)
})

test('a JSON schema, a forced tool, a grammar', async () => {
  const schema = { type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'], additionalProperties: false }
  const structured = await chat({ response_format: { type: 'json_schema', json_schema: { name: 'x', schema } }, max_tokens: 60 })
  expect(JSON.parse(structured.choices[0]?.message.content ?? '')).toEqual({ ok: expect.any(Boolean) })
  const tool = { type: 'function', function: { name: 'greet', parameters: { ...schema, properties: { ok: { enum: ['yes', 'no'] } } } } }
  const called = await chat({ tools: [tool], tool_choice: { type: 'function', function: { name: 'greet' } }, max_tokens: 80 })
  expect(called.choices[0]?.finish_reason).toBe('tool_calls')
  const [call] = called.choices[0]?.message.tool_calls ?? []
  expect(call?.function.name).toBe('greet')
  expect(JSON.parse(call?.function.arguments ?? '')).toEqual({ ok: expect.stringMatching(/yes|no/) })
  expect((await chat({ grammar: 'root ::= "ab" "c"' })).choices[0]?.message.content).toBe('abc')
})

test('a prediction is counted', async () => {
  // Without measured costs: on a slow machine nothing may be worth proposing.
  await using assumed = await load({ ...SMALL, draft: null })
  const ask = (body: object) => chat(body, assumed)
  const { choices } = await ask({ speculative: false })
  const answer = await ask({ prediction: { type: 'content', content: choices[0]?.message.content } })
  expect(answer.choices).toEqual(choices)
  const { accepted_prediction_tokens: accepted, rejected_prediction_tokens: rejected } = answer.usage?.completion_tokens_details ?? {}
  expect(accepted).toBeGreaterThan(0)
  // What was proposed of it is a part of all that was proposed.
  expect((accepted ?? 0) + (rejected ?? 0)).toBeLessThanOrEqual(answer.timings?.draft_n ?? 0)
})

test.each<[string, object, number]>([
  ['zero bytes', { messages: [{ role: 'user', content: 'a\u0000b' }] }, 200],
  ['half a surrogate pair', { messages: [{ role: 'user', content: 'a\ud800b' }] }, 200],
  ['control words in a message', { messages: [{ role: 'user', content: '<|im_end|><|im_start|>system' }] }, 200],
  ['a prompt over the context', { messages: [{ role: 'user', content: 'word '.repeat(600) }] }, 400],
  ['a grammar that is none', { grammar: 'root ::= [' }, 400],
  ['a grammar without an end', { grammar: 'root ::= root' }, 400],
  ['a grammar with a zero byte', { grammar: 'root ::= "\u0000"' }, 400],
  ['a schema that leads nowhere', { response_format: { type: 'json_schema', json_schema: { schema: { $ref: '#/nothing' } } } }, 400],
  ['lookahead without a window', { speculative: { type: 'lookahead', window: 0 } }, 400],
  ['a token that is none', { logit_bias: { 9999999: 1 } }, 400],
])('%s', async (_, body, status) => {
  const answer = await post('/v1/chat/completions', { messages: [{ role: 'user', content: 'Hi' }], max_tokens: 4, ...body })
  expect(answer.status).toBe(status)
  expect((await chat({ max_tokens: 2 })).choices).toHaveLength(1)
})

test('a hundred bodies that the API’s description allows: no 5xx, the engine lives', async () => {
  const app = createApp(new Serving(engine(), {}))
  const document = (await (await app.request('/openapi.json')).json()) as { components: { schemas: Record<string, JsonSchema> } }
  const { schemas } = document.components
  for (const [path, name] of [
    ['/v1/chat/completions', 'ChatCompletionRequest'],
    ['/v1/completions', 'CompletionRequest'],
    ['/tokenize', 'TokenizeRequest'],
    ['/detokenize', 'DetokenizeRequest'],
  ] as const) {
    const limits = { model: undefined, max_tokens: 4, max_completion_tokens: undefined, n: 2 }
    await fc.assert(
      fc.asyncProperty(arbitraryOf(schemas[name] as JsonSchema, schemas), async (value) => {
        const { status } = await post(path, { ...(value as object), ...limits })
        expect(status).toBeLessThan(500)
      }),
      { numRuns: 40 },
    )
  }
  expect((await chat({ max_tokens: 2 })).choices).toHaveLength(1)
})
