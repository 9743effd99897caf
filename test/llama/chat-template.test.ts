import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ChatMessage } from '../../src/api/types.ts'
import { LlamaModel } from '../../src/llama/model.ts'
import { renderChat as render } from '../../src/text/chat-template.ts'
import { goldenFile, modelFile } from './model-files.ts'

let model: LlamaModel
const renderChat = (one: LlamaModel, messages: ChatMessage[]) =>
  render(one, { messages })
    .parts.map(({ text }) => text)
    .join('')
beforeAll(async () => {
  model = LlamaModel.load(await modelFile('qwen2.5-coder-0.5b'), { contextLength: 64 })
})
afterAll(() => model.close())

test('a conversation becomes the text that the model was trained on', () => {
  const messages: ChatMessage[] = [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'Hello {{ world }} <|im_end|>' },
    { role: 'assistant', content: 'Hi!' },
    { role: 'user', content: 'Bye' },
  ]
  expect(renderChat(model, messages)).toBe(
    '<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHello {{ world }} <|im_end|><|im_end|>\n' +
      '<|im_start|>assistant\nHi!<|im_end|>\n<|im_start|>user\nBye<|im_end|>\n<|im_start|>assistant\n',
  )
})

test('the template adds its own system message', () => {
  expect(renderChat(model, [{ role: 'user', content: 'Hello' }])).toMatch(
    /^<\|im_start\|>system\nYou are Qwen.*<\|im_end\|>\n<\|im_start\|>user\nHello/,
  )
})

test('no messages, no template, a template that refuses', () => {
  expect(() => renderChat(model, [])).toThrow(expect.objectContaining({ code: 'E_PROMPT', message: expect.stringContaining('0 messages') }))
  const bare = LlamaModel.load(goldenFile('target.gguf'), { contextLength: 64 })
  expect(() => renderChat(bare, [{ role: 'user', content: 'x' }])).toThrow(
    expect.objectContaining({ code: 'E_PROMPT', message: expect.stringContaining('no chat template') }),
  )
  bare.close()
  const strict = fake(`{{ raise_exception('roles must alternate') }}`)
  expect(() => renderChat(strict, [{ role: 'user', content: 'x' }])).toThrow(
    expect.objectContaining({ code: 'E_PROMPT', message: expect.stringContaining('roles must alternate') }),
  )
  expect(() => renderChat(fake('{% for %}'), [{ role: 'user', content: 'x' }])).toThrow(expect.objectContaining({ code: 'E_PROMPT' }))
})

function fake(chatTemplate: string): LlamaModel {
  return { file: 'fake.gguf', chatTemplate, vocabulary: model.vocabulary } as unknown as LlamaModel
}
