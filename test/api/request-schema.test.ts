import { expect, test } from 'vitest'
import { checkLoadOptions, checkRequest } from '../../src/api/request-schema.ts'
import type { GenerateRequest, LoadOptions } from '../../src/api/types.ts'

const messages: GenerateRequest['messages'] = [{ role: 'user', content: 'Hi' }]

test.each<GenerateRequest>([
  { prompt: 'x' },
  { messages },
  { prompt: 'x', maxTokens: -1, stop: ['a', 'b'], logprobs: 0, method: 'vanilla', seed: 0, temperature: 0, topP: 1, minP: 0, topK: 0 },
  { prompt: 'x', options: { window: 0, ngram: 3 } },
  { prompt: 'x', logitBias: { 5: -100 }, options: { draftLength: 1, preset: 'paper' }, signal: AbortSignal.abort() },
  { prompt: 'x', messages: undefined, seed: undefined } as unknown as GenerateRequest,
])('%j is right', (request) => {
  expect(() => checkRequest(request)).not.toThrow()
})

test.each<[object | undefined, RegExp]>([
  [{}, /promptTokens or messages: received none/],
  [{ prompt: 'x', messages }, /promptTokens or messages: received several/],
  [{ prompt: 5 }, /^prompt: .*string: received 5$/],
  [{ messages: [{ role: 'robot', content: 'x' }] }, /^messages\.0\.role: .*received 'robot'$/],
  [{ messages: 'x' }, /^messages: .*array: received 'x'$/],
  [{ prompt: 'x', temperature: -1 }, /^temperature: .*>=0: received -1$/],
  [{ prompt: 'x', temperature: Number.NaN }, /^temperature: .*received NaN$/],
  [{ prompt: 'x', temperature: 'hot' }, /^temperature: .*number: received 'hot'$/],
  [{ prompt: 'x', topP: 0 }, /^topP: .*>0: received 0$/],
  [{ prompt: 'x', topP: 1.1 }, /^topP: .*received 1\.1$/],
  [{ prompt: 'x', minP: 2 }, /^minP: .*received 2$/],
  [{ prompt: 'x', topK: 1.5 }, /^topK: .*received 1\.5$/],
  [{ prompt: 'x', maxTokens: 0 }, /^maxTokens: expected at least 1, or -1.*received 0$/],
  [{ prompt: 'x', maxTokens: -2 }, /^maxTokens: .*received -2$/],
  [{ prompt: 'x', seed: 1n }, /^seed: .*received 1n$/],
  [{ prompt: 'x', stop: '' }, /^stop: .*received ''$/],
  [{ prompt: 'x', stop: ['a', ''] }, /^stop.*: received ''$/],
  [{ prompt: 'x', logprobs: 21 }, /^logprobs: .*received 21$/],
  [{ prompt: 'x', method: 'magic' }, /^method: .*"vanilla".*received 'magic'$/],
  [{ prompt: 'x', options: { draftLength: 0 } }, /^options\.draftLength: .*received 0$/],
  [{ prompt: 'x', options: { ngram: 2 } }, /^options\.ngram: .*>=3: received 2$/],
  [{ prompt: 'x', method: 'lookahead', options: { window: 0 } }, /^options\.window: .*at least 1: received 0$/],
  [{ prompt: 'x', options: { window: 0, preset: 'paper' } }, /^options\.window: .*at least 1: received 0$/],
  [{ prompt: 'x', options: { gamma: 5 } }, /^options: .*"gamma"/],
  [{ prompt: 'x', logitBias: { '-1': 5 } }, /^logitBias: .*token ids.*received '-1'$/],
  [{ prompt: 'x', logitBias: { 5: 101 } }, /^logitBias\.5: .*received 101$/],
  [{ prompt: 'x', temprature: 1 }, /^request: .*"temprature"/],
  [{ prompt: 'x', signal: {} }, /^signal/],
  [undefined, /^request: .*object: received undefined$/],
])('%o is E_USAGE', (request, message) => {
  expect(() => checkRequest(request as GenerateRequest)).toThrow(
    expect.objectContaining({ name: 'OuroborosError', code: 'E_USAGE', message: expect.stringMatching(message) }),
  )
})

test('an empty prompt or conversation is E_PROMPT', () => {
  expect(() => checkRequest({ prompt: '' })).toThrow(expect.objectContaining({ code: 'E_PROMPT' }))
  expect(() => checkRequest({ messages: [] })).toThrow(expect.objectContaining({ code: 'E_PROMPT' }))
})

test.each<[object | undefined, RegExp]>([
  [undefined, /^options: .*received undefined$/],
  [{}, /^target: .*received undefined$/],
  [{ target: '' }, /^target: .*received ''$/],
  [{ target: 'x', contextLength: 0 }, /^contextLength: .*received 0$/],
  [{ target: 'x', threads: 0 }, /^threads: .*received 0$/],
  [{ target: 'x', gpuLayers: -2 }, /^gpuLayers: .*received -2$/],
  [{ target: 'x', cacheTypeV: 'q2' }, /^cacheTypeV: .*received 'q2'$/],
  [{ target: 'x', onLog: 'x' }, /^onLog: .*received 'x'$/],
  [{ target: 'x', kernels: 'avx2' }, /^kernels: .*received 'avx2'$/],
  [{ target: 'x', model: 'y' }, /^options: .*"model"/],
])('load options %o are E_USAGE', (options, message) => {
  expect(() => checkLoadOptions(options as LoadOptions)).toThrow(
    expect.objectContaining({ code: 'E_USAGE', message: expect.stringMatching(message) }),
  )
})

test.each<LoadOptions>([
  { target: 'x', kernels: false },
  { target: 'x', sessions: 3, exact: true, calibrate: 'fresh', flashAttention: false, cacheTypeK: 'q8_0', cacheTypeV: 'bf16' },
])('load options %o are right', (options) => {
  expect(() => checkLoadOptions(options)).not.toThrow()
})

test('a draft of null refuses the default one', () => {
  expect(() => checkLoadOptions({ target: 'x', draft: null })).not.toThrow()
})
