import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, it } from 'vitest'
import type { Model } from '../../src/core/index.ts'
import { library } from '../../src/llama/library.ts'
import { LlamaModel, type LlamaModelOptions } from '../../src/llama/model.ts'
import { modelContract, recurrentContract } from '../../src/testing/index.ts'
import { temporaryFolder } from '../kernels/fake-native.ts'
import { modelFile } from './model-files.ts'
import { TINY_RECURRENT } from './tiny-recurrent.ts'

const runner = { describe, it, beforeAll, afterAll }
const close = (model: Model) => (model as LlamaModel).close()
const GOLDEN = new URL('../golden/target.gguf', import.meta.url).pathname
/**
 * Stock kernels on real files: after a branch the cells lie in another order, and rounded activations amplify the last bits
 * (measured: up to 0.8; a wrong context differs by 5 and more).
 */
const STOCK = 1.5

function contract(name: string, file: () => Promise<string> | string, tolerance: number, options: LlamaModelOptions = {}): void {
  const open = async () => LlamaModel.load(await file(), { sessions: 3, contextLength: 256, ...options })
  modelContract(name, { open, close, tolerance }, runner)
}

// Float32 throughout: only the order of additions differs between shapes. A wrong mask or cell would show here.
contract('tiny float32 model', () => GOLDEN, 1e-4, { cacheTypeK: 'f32', cacheTypeV: 'f32', flashAttention: false })
// llama.cpp rounds keys and values to float16 for flash attention: measured up to 0.017 at the widest tree; one token more or
// less in the context changes 0.1 and more.
contract('tiny float32 model, flash attention', () => GOLDEN, 5e-2)
contract('tiny float32 model, flash attention, stock kernels', () => GOLDEN, 5e-2, { kernels: false })
// Kernels of our own: the same bits in every shape.
const same = library().kernels.set ? 0 : STOCK
contract('SmolLM2 135M', () => modelFile('smollm2-135m'), same)
contract('draft 0.5B', () => modelFile('qwen2.5-coder-0.5b'), same)
contract('SmolLM2 135M, stock kernels', () => modelFile('smollm2-135m'), STOCK, { kernels: false })

const folder = temporaryFolder(afterAll)
for (const [name, make] of Object.entries(TINY_RECURRENT)) {
  const open = () => {
    const file = join(folder, `${name}.gguf`)
    writeFileSync(file, make())
    return LlamaModel.load(file, { sessions: 3, contextLength: 256 })
  }
  recurrentContract(`tiny ${name}`, { open, close, tolerance: library().kernels.set ? 0 : 1e-3 }, runner)
}
