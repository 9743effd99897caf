import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Token } from '../../src/core/index.ts'
import { uniform } from '../../src/core/sampling/philox.ts'
import { type Engine, type GenerateRequest, load, METHOD_NAMES } from '../../src/index.ts'
import { library } from '../../src/llama/library.ts'
import { LlamaModel } from '../../src/llama/model.ts'
import { quantize } from '../../src/llama/quantize.ts'
import { probeExactness } from '../../src/probe/exactness.ts'
import { temporaryFolder } from '../kernels/fake-native.ts'
import { tinyExperts } from './tiny-models.ts'
import { TINY_RECURRENT } from './tiny-recurrent.ts'

const folder = temporaryFolder(afterAll)
const file = (name: string, bytes: Buffer): string => {
  const path = join(folder, `${name}.gguf`)
  writeFileSync(path, bytes)
  return path
}
const prompt = (seed: number, length: number): Token[] => Array.from({ length }, (_, i) => 3 + Math.floor(uniform(seed, i) * 317))
const asked = (promptTokens: Token[], rest: GenerateRequest = {}): GenerateRequest => ({
  promptTokens,
  maxTokens: 48,
  seed: 5,
  logitBias: { 2: -100 },
  ...rest,
})

/** Tokens, the bits of their log-probabilities where kernels of our own compute the same in every shape, and what drafts did. */
async function answer(engine: Engine, request: GenerateRequest) {
  const generation = engine.generate({ ...request, logprobs: 0 })
  const tokens: unknown[] = []
  for await (const step of generation) for (const { id, logprob } of step.tokens) tokens.push(library().kernels.set ? [id, logprob] : id)
  const { usage, statistics } = await generation.result
  return { tokens, cachedTokens: usage.cachedTokens, statistics }
}

/** Greedy, as published. */
const PAPER: GenerateRequest = { method: 'ouroboros', options: { preset: 'paper' } }
const ways = (temperature: number): GenerateRequest[] => [
  ...METHOD_NAMES.map((method) => ({ method })),
  { method: 'ouroboros', options: { draftLength: 6, suffixes: 3, branches: 2, window: 3, ngram: 4, guesses: 3 } },
  ...(temperature === 0 ? [PAPER] : []),
]

const makers = { ...TINY_RECURRENT, attention: () => tinyExperts() }
type Kind = keyof typeof makers
const pairs: [Kind, Kind][] = [
  ...(Object.keys(TINY_RECURRENT) as Kind[]).map((kind): [Kind, Kind] => [kind, kind]),
  ['mamba', 'attention'],
  ['attention', 'qwen35'],
]

describe.each(pairs)('target %s, draft %s', (target, draft) => {
  let engine: Engine
  beforeAll(async () => {
    const files = { target: file(target, makers[target](0)), draft: file(`${draft}-draft`, makers[draft](0.05)) }
    engine = await load({ ...files, contextLength: 640, sessions: 3 })
  })
  afterAll(() => engine.dispose())

  it('every method gives plain decoding’s tokens, greedy and sampled', async () => {
    for (const temperature of [0, 0.7]) {
      const request = asked(prompt(1, 40), { temperature })
      const plain = await answer(engine, { ...request, method: 'vanilla' })
      for (const way of ways(temperature)) {
        const { tokens } = await answer(engine, { ...request, ...way })
        expect(tokens, `${JSON.stringify(way)} at ${temperature}`).toEqual(plain.tokens)
      }
    }
  })

  it('several at once, with prompts of other lengths, get what each gets alone', async () => {
    const requests = [30, 300, 90].map((length, seed) => asked(prompt(seed + 7, length), { temperature: 0.7, seed, maxTokens: 32 }))
    for (const way of ways(0.7)) {
      const alone = []
      for (const request of requests) alone.push((await answer(engine, { ...request, method: 'vanilla' })).tokens)
      const together = await Promise.all(requests.map((request) => answer(engine, { ...request, ...way })))
      expect(
        together.map(({ tokens }) => tokens),
        JSON.stringify(way),
      ).toEqual(alone)
    }
  })

  it('an answer that was given up half-way, and a prompt that begins like an earlier one, change nothing', async () => {
    const first = prompt(3, 300)
    const second = [...first.slice(0, 280), ...prompt(4, 20)]
    await using fresh = await load({ target: join(folder, `${target}.gguf`), draft: null, contextLength: 640 })
    const wanted = (await answer(fresh, asked(second))).tokens
    for (const way of ways(0)) {
      const generation = engine.generate({ ...asked(first), ...way })
      let emitted = 0
      for await (const step of generation) {
        emitted += step.tokens.length
        if (emitted > 10) break
      }
      const { tokens, cachedTokens } = await answer(engine, { ...asked(second), ...way })
      expect(tokens, JSON.stringify(way)).toEqual(wanted)
      expect(cachedTokens).toBeGreaterThanOrEqual(256) // where the last chunk of the first prompt began
    }
  })

  it('a conversation that goes on is not read again, and a grammar holds', async () => {
    const first = asked(prompt(6, 50))
    const { tokens } = await answer(engine, first)
    const text = tokens.map((one) => (Array.isArray(one) ? one[0] : one) as Token)
    const next = asked([...(first.promptTokens as Token[]), ...text, 9, 11, 12])
    expect((await answer(engine, next)).cachedTokens).toBeGreaterThanOrEqual(50)
    const digits = asked(prompt(6, 50), { grammar: 'root ::= [0-9]+', temperature: 0.7 })
    const plain = await answer(engine, { ...digits, method: 'vanilla' })
    for (const way of ways(0.7)) expect((await answer(engine, { ...digits, ...way })).tokens).toEqual(plain.tokens)
  })
})

it.skipIf(library().kernels.set === undefined).each(Object.entries(TINY_RECURRENT))(
  'passes of every shape compute the same bits, quantized too: %s',
  async (name, make) => {
    const source = file(`${name}-whole`, make())
    const quantized = join(folder, `${name}.q8_0.gguf`)
    await quantize(source, quantized, 'Q8_0')
    for (const path of [source, quantized]) {
      const model = LlamaModel.load(path, { contextLength: 640, sessions: 2 })
      expect(probeExactness(model).different).toEqual([])
      model.close()
    }
  },
)

it('drafts are accepted, in part too, and accepted tokens are read again in one pass', async () => {
  const [target, draft] = [file('lfm2', TINY_RECURRENT.lfm2()), file('lfm2-draft', TINY_RECURRENT.lfm2(0.05))]
  await using engine = await load({ target, draft, contextLength: 640 })
  const { statistics } = await answer(engine, asked(prompt(1, 40), { method: 'speculative' }))
  expect(statistics.acceptedTokens).toBeGreaterThan(10)
  expect(statistics.draftTokens).toBeGreaterThan(statistics.acceptedTokens)
  expect(statistics.steps).toBeLessThan(40)
})
