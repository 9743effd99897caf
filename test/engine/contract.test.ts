import { afterAll, beforeAll, describe, it } from 'vitest'
import type { Model } from '../../src/core/index.ts'
import { LlamaModel, type LlamaModelOptions } from '../../src/engine/llama-model.ts'
import { modelContract } from '../../src/testing/index.ts'
import { modelFile } from './model-files.ts'

const runner = { describe, it, beforeAll, afterAll }
const close = (model: Model) => (model as LlamaModel).close()
const GOLDEN = new URL('../golden/target.gguf', import.meta.url).pathname

function contract(name: string, file: () => Promise<string> | string, tolerance: number, options: LlamaModelOptions = {}): void {
  modelContract(
    name,
    { open: async () => LlamaModel.load(await file(), { sessions: 3, contextLength: 256, ...options }), close, tolerance },
    runner,
  )
}

// Float32 throughout: only the order of additions differs between shapes.
contract('tiny float32 model', () => GOLDEN, 1e-4, { cacheType: 'f32', flashAttention: false })
// Quantized kernels round activations by tile; not repacked, one-token and n-token passes use the same ones.
contract('SmolLM2 135M', () => modelFile('smollm2-135m'), 0.05, { repack: false })
contract('draft 0.5B', () => modelFile('qwen2.5-coder-0.5b'), 0.05, { repack: false })
contract('target 1.5B', () => modelFile('qwen2.5-coder-1.5b'), 0.05, { repack: false })
contract('target 1.5B, repacked kernels', () => modelFile('qwen2.5-coder-1.5b'), 1.5)
