import type { Cache } from '../core/model.ts'
import { omitUndefined } from '../core/omit-undefined.ts'
import { uniform } from '../core/sampling/philox.ts'
import { TokenTree } from '../core/token-tree.ts'
import { LlamaModel } from '../llama/model.ts'

/** What passes of one model cost with our kernels and with llama.cpp's, in milliseconds; the least of several. */
export interface PassRow {
  /** Tokens of the pass; of a prompt, only its last token's logits are asked for. */
  readonly tokens: number
  /** Tokens before it. */
  readonly context: number
  readonly prompt: boolean
  readonly ours: number
  readonly stock: number
}

const SHAPES = [
  ...[1, 2, 4, 8, 16, 32].map((tokens) => ({ tokens, context: 300, prompt: false })),
  ...[1100, 4000].flatMap((context) => [1, 8].map((tokens) => ({ tokens, context, prompt: false }))),
  { tokens: 256, context: 0, prompt: true },
]
const ROUNDS = 4
const REPEATED = 3
const CHUNK = 256

/** Measures both in turn, round by round, so that a machine that becomes slower meanwhile slows both. Throws as `LlamaModel.load` does. */
export function measurePasses(file: string, threads?: number): PassRow[] {
  const options = { contextLength: 4096, ...omitUndefined({ threads }) }
  const models = [true, false].map((kernels) => LlamaModel.load(file, { ...options, kernels }))
  try {
    const caches = models.map((model) => model.open())
    const shapes = SHAPES.filter(({ tokens, context }) => context + tokens <= (models[0] as LlamaModel).contextLength)
    return shapes.map((shape) => {
      const least = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
      for (const [i, cache] of caches.entries()) read(models[i] as LlamaModel, cache, shape.context)
      for (let round = 0; round < ROUNDS; round++) {
        for (const [i, cache] of caches.entries())
          for (let again = 0; again < REPEATED; again++)
            least[i] = Math.min(least[i] as number, time(models[i] as LlamaModel, cache, shape))
      }
      const [ours, stock] = least as [number, number]
      return { ...shape, ours, stock }
    })
  } finally {
    for (const model of models) model.close()
  }
}

function read(model: LlamaModel, cache: Cache, length: number): void {
  cache.rollback(cache.reachable(Math.min(cache.length, length)))
  while (cache.length < length) {
    const tree = TokenTree.chain(tokensOf(model, cache.length, Math.min(CHUNK, length - cache.length)))
    model.forward([{ cache, tree }])
    cache.commit(tree.path(tree.size - 1))
  }
  cache.checkpoint()
}

function time(model: LlamaModel, cache: Cache, { tokens, context, prompt }: (typeof SHAPES)[number]): number {
  const all = tokensOf(model, context, tokens)
  const tree = prompt ? TokenTree.chain(all) : TokenTree.chain(all, () => true)
  const began = model.decodeMs
  model.forward([{ cache, tree }])
  cache.rollback(context)
  return model.decodeMs - began
}

function tokensOf(model: LlamaModel, from: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => Math.floor(uniform(5, from + i) * Math.min(model.vocabSize, 30_000)))
}
