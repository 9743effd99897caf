import { expect, onTestFinished, test } from 'vitest'
import { LlamaModel } from '../../src/llama/model.ts'
import { checkPair } from '../../src/llama/pairing.ts'
import { goldenFile, modelFile } from './model-files.ts'

function open(file: string): LlamaModel {
  const model = LlamaModel.load(file, { threads: 1, contextLength: 64 })
  onTestFinished(() => model.close())
  return model
}

test('models of one family pair, though their padding differs or not', async () => {
  const draft = open(await modelFile('qwen2.5-coder-0.5b'))
  const target = open(await modelFile('qwen2.5-coder-1.5b'))
  expect(() => checkPair(target, draft)).not.toThrow()
  expect(() => checkPair(open(goldenFile('target.gguf')), open(goldenFile('draft.gguf')))).not.toThrow()
})

test('a draft model of another family is refused with the first difference', async () => {
  const [small, large] = [open(await modelFile('smollm2-135m')), open(await modelFile('qwen2.5-coder-0.5b'))]
  expect(() => checkPair(large, small)).toThrow(
    expect.objectContaining({
      code: 'E_PAIR',
      message: expect.stringMatching(/SmolLM2.*cannot draft for .*qwen2\.5.*49152 tokens instead of 151936/),
    }),
  )
  expect(() => checkPair(large, open(goldenFile('draft.gguf')))).toThrow(
    expect.objectContaining({ code: 'E_PAIR', message: expect.stringContaining('vocabulary type') }),
  )
})

test('vocabularies of one size that mean other things: the first word is named', async () => {
  const model = open(await modelFile('smollm2-135m'))
  const { vocabulary } = model
  const swapped = {
    ...{ type: vocabulary.type, size: vocabulary.size, addsBos: vocabulary.addsBos, bos: vocabulary.bos },
    spelling: (token: number) => vocabulary.spelling(token === 100 ? 101 : token),
  }
  const other = { file: 'other.gguf', vocabulary: swapped } as unknown as LlamaModel
  expect(() => checkPair(model, other)).toThrow(
    expect.objectContaining({ code: 'E_PAIR', message: expect.stringMatching(/token 100 is ".+" instead of ".+"/) }),
  )
})
