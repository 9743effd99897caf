import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { readGguf } from '../../src/models/gguf.ts'
import { inspect } from '../../src/models/inspect.ts'
import { inspectPair, type Pairing, pairing } from '../../src/models/pairing.ts'
import { ggufOf, type WritableMetadata } from './gguf-writer.ts'
import { tempFolder } from './temp-folder.ts'

const golden = (name: string): string => fileURLToPath(new URL(`../golden/${name}.gguf`, import.meta.url))

test('inspect tells the facts', () => {
  expect(inspect(golden('target'))).toEqual({
    file: golden('target'),
    bytes: 414_240,
    parts: 1,
    ggufVersion: 3,
    name: 'tiny-target',
    architecture: 'llama',
    parameters: 102_720,
    quantization: 'F32',
    tensorTypes: [{ type: 'F32', tensors: 21, parameters: 102_720, bytes: 410_880 }],
    layers: 2,
    embeddingLength: 64,
    contextLength: 1024,
    experts: 0,
    expertsUsed: 0,
    vocabulary: { tokenizer: 'llama', size: 64, bos: 1, eos: 2, addsBos: false },
    chatTemplate: false,
  })
})

test('inspect tells experts and a chat template, and what the file does not say', async () => {
  const path = join(await tempFolder(), 'moe.gguf')
  writeFileSync(
    path,
    ggufOf({ 'general.architecture': 'moe', 'moe.expert_count': 8, 'moe.expert_used_count': 2, 'tokenizer.chat_template': '{{x}}' }),
  )
  expect(inspect(path)).toMatchObject({
    experts: 8,
    expertsUsed: 2,
    chatTemplate: true,
    quantization: null,
    contextLength: null,
    vocabulary: { tokenizer: null, bos: null },
  })
})

const vocabulary = { 'general.architecture': 'a', 'tokenizer.ggml.model': 'gpt2', 'tokenizer.ggml.eos_token_id': 1 }
const words = ['0', '1', '2', '3', '4', 'a', 'b', 'c']

async function pairOf(target: WritableMetadata, draft: WritableMetadata): Promise<Pairing> {
  const folder = await tempFolder()
  const [first, second] = [join(folder, 'target.gguf'), join(folder, 'draft.gguf')]
  writeFileSync(first, ggufOf({ ...vocabulary, 'tokenizer.ggml.tokens': words, ...target }))
  writeFileSync(second, ggufOf({ ...vocabulary, 'tokenizer.ggml.tokens': words, ...draft }))
  return pairing(readGguf(first), readGguf(second))
}

test('pairing accepts equal vocabularies', async () => {
  expect(inspectPair(golden('target'), golden('draft'))).toEqual({ paired: true, reasons: [], notes: [] })
})

test('pairing tolerates padding, another end token, other first tokens, and a beginning that is not added', async () => {
  const draft = { 'tokenizer.ggml.bos_token_id': 2, 'tokenizer.ggml.eos_token_id': 2, 'tokenizer.ggml.tokens': ['<s>', ...words.slice(1)] }
  const result = await pairOf({ 'tokenizer.ggml.tokens': [...words, '[PAD3]'] }, draft)
  expect(result).toEqual({ paired: true, reasons: [], notes: ['vocabulary size: target 9, draft 8', 'end token: target 1, draft 2'] })
})

test.each<[string, WritableMetadata]>([
  ['tokenizer: target gpt2, draft bert', { 'tokenizer.ggml.model': 'bert' }],
  ['token added at the beginning: target none, draft 2', { 'tokenizer.ggml.add_bos_token': true, 'tokenizer.ggml.bos_token_id': 2 }],
  ['token 6: target "b", draft "B"', { 'tokenizer.ggml.tokens': [...words.slice(0, 6), 'B', 'C'] }],
  ['vocabulary size: target 8, draft 137', { 'tokenizer.ggml.tokens': [...words, ...Array.from({ length: 129 }, (_, i) => `x${i}`)] }],
])('pairing refuses: %s', async (reason, draft) => {
  expect(await pairOf({}, draft)).toMatchObject({ paired: false, reasons: [reason] })
})
