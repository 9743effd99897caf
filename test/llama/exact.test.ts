import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type NodeId, ROOT, type Token, TokenTree } from '../../src/core/index.ts'
import { uniform } from '../../src/core/sampling/philox.ts'
import { type Engine, type GenerateRequest, load, METHOD_NAMES } from '../../src/index.ts'
import { INSTRUCTION_SETS, type InstructionSet, instructionSetFor } from '../../src/kernels/instruction-set.ts'
import { library } from '../../src/llama/library.ts'
import { LlamaModel } from '../../src/llama/model.ts'
import { quantize } from '../../src/llama/quantize.ts'
import { probeExactness } from '../../src/probe/exactness.ts'
import { temporaryFolder } from '../kernels/fake-native.ts'
import { fastDraftFile, modelFile } from './model-files.ts'
import { runScript } from './run-script.ts'
import { tinyExperts } from './tiny-models.ts'

const { platform, arch } = process
const MACHINE = { platform, arch, cpuinfo: platform === 'linux' ? readFileSync('/proc/cpuinfo', 'utf8') : '' }
const METHODS = METHOD_NAMES.filter((method) => method !== 'vanilla')
const QUESTIONS = [
  'Write a haiku about tests.',
  'Count from one to twenty in words, then backwards.',
  'Write a function in Python that adds two numbers.',
  'Name five animals and say what each of them eats.',
]
const asked = (content: string, rest: GenerateRequest = {}): GenerateRequest => ({
  messages: [{ role: 'user', content }],
  maxTokens: 32,
  ...rest,
})

/** Text and the bits of its log-probabilities. */
async function answer(engine: Engine, request: GenerateRequest): Promise<{ text: string; logprobs: (number | undefined)[] }> {
  const generation = engine.generate({ ...request, logprobs: 0 })
  const logprobs: (number | undefined)[] = []
  for await (const { tokens } of generation) logprobs.push(...tokens.map(({ logprob }) => logprob))
  const { text, exact } = await generation.result
  expect(exact).toBe(true)
  return { text, logprobs }
}

/** Tokens without meaning: their logits differ in every place. */
const randomTokens = (seed: number, length: number, words: number): Token[] =>
  Array.from({ length }, (_, i) => Math.floor(uniform(seed, i) * words))

const folder = temporaryFolder(afterAll)
const mixture = join(folder, 'llama.q8_0.gguf')
const qwenMixture = join(folder, 'qwen3moe.q4_0.gguf')
beforeAll(async () => {
  for (const [architecture, file, type] of [
    ['llama', mixture, 'Q8_0'],
    ['qwen3moe', qwenMixture, 'Q4_0'],
  ] as const) {
    const plain = join(folder, `${architecture}.gguf`)
    writeFileSync(plain, tinyExperts(architecture))
    await quantize(plain, file, type)
  }
})

describe.skipIf(library().kernels.set === undefined)('with kernels of our own', () => {
  it.each([
    ['the default draft model as it is pulled', () => modelFile('qwen2.5-coder-0.5b')],
    ['its fast file', fastDraftFile],
    ['SmolLM2, of type Q4_1', () => modelFile('smollm2-135m')],
    ['Gemma 3, with sliding windows', () => modelFile('gemma-3-270m')],
    ['a mixture of experts', () => mixture],
  ])('passes of every shape compute the same bits: %s', async (_, file) => {
    const model = LlamaModel.load(await file(), { contextLength: 640, sessions: 2 })
    expect(probeExactness(model).different).toEqual([])
    model.close()
  })

  it('sessions that share passes and interleave their cells compute the bits of a session alone', async () => {
    const model = LlamaModel.load(await modelFile('smollm2-135m'), { contextLength: 640, sessions: 3 })
    const texts = [0, 1, 2].map((session) => randomTokens(session, 340, model.vocabSize))
    const alone = texts.map((text) => oneByOne(model, text, 24))
    const caches = texts.map(() => model.open())
    // Prompts in turns of 7, 16 and 31 tokens, so that the cells of the three interleave; then drafts of other widths, together.
    for (const [widths, until] of [
      [[7, 16, 31], 316],
      [[3, 8, 5], 340],
    ] as const) {
      while (caches.some((cache) => cache.length < until)) {
        const passes = caches.flatMap((cache, session) => {
          const tokens = texts[session]?.slice(cache.length, Math.min(until, cache.length + (widths[session] as number))) ?? []
          return tokens.length > 0 ? [{ cache, tree: wholeChain(tokens), session }] : []
        })
        const logits = model.forward(passes)
        for (const [i, { cache, tree, session }] of passes.entries()) {
          for (let node = 0; node < tree.size; node++) {
            const place = cache.length + node - 316
            const expected = alone[session]?.[place]
            if (expected) expect(Buffer.compare(bytes(logits[i]?.row(node)), bytes(expected)), `session ${session}, token ${place}`).toBe(0)
          }
        }
        for (const { cache, tree } of passes) cache.commit(tree.path(tree.size - 1))
      }
    }
    model.close()
  })

  it('one and two threads, and every instruction set, compute the same bits', async () => {
    const file = await modelFile('qwen2.5-coder-0.5b')
    const sets = (Object.keys(INSTRUCTION_SETS) as InstructionSet[]).filter((set) => instructionSetFor(MACHINE, set) === set)
    const one = digest(file, { threads: 1 })
    expect(one).toMatch(/^\w{64}$/)
    for (const set of sets) expect(digest(file, { threads: 2, set }), set).toBe(one)
  })

  describe('a load without options', () => {
    let engine: Engine
    beforeAll(async () => {
      engine = await load({ target: await modelFile('qwen2.5-coder-0.5b'), draft: await fastDraftFile(), contextLength: 640, sessions: 4 })
    })
    afterAll(() => engine.dispose())

    it('is exact, with measured costs', () => {
      expect(engine.facts).toMatchObject({ exact: true, different: [], costs: { draft: {} } })
    })

    it('every method gives plain decoding’s text, greedy and sampled, in a second prompt too', async () => {
      for (const [i, temperature] of [0, 0.8].entries()) {
        const request = asked(QUESTIONS[i] as string, { temperature, seed: 3 })
        const plain = await answer(engine, { ...request, method: 'vanilla' })
        for (const method of METHODS) expect(await answer(engine, { ...request, method }), `${method} at ${temperature}`).toEqual(plain)
      }
    })

    it('branches, suffixes and a window change nothing', async () => {
      const request = asked(QUESTIONS[1] as string)
      const options = { draftLength: 6, suffixes: 3, branches: 2, window: 3, ngram: 4, guesses: 3 }
      expect(await answer(engine, { ...request, options })).toEqual(await answer(engine, { ...request, method: 'vanilla' }))
    })

    it('four sessions at once get what each gets alone', async () => {
      const requests = QUESTIONS.map((content, seed) => asked(content, { temperature: 0.8, seed }))
      const alone = []
      for (const request of requests) alone.push(await answer(engine, { ...request, method: 'vanilla' }))
      expect(await Promise.all(requests.map((request) => answer(engine, request)))).toEqual(alone)
      expect(await Promise.all(requests.map((request) => answer(engine, { ...request, method: 'vanilla' })))).toEqual(alone)
    })

    it('a repeated request gets the same bytes, in whatever slot', async () => {
      const request = asked(QUESTIONS[2] as string)
      const first = await answer(engine, request)
      expect(await answer(engine, request)).toEqual(first)
      expect(await Promise.all([request, request, request].map((one) => answer(engine, one)))).toEqual([first, first, first])
    })
  })

  describe('Gemma 3, beyond its window of 512 tokens', () => {
    const story = 'The sea is wide. The wind is cold. A ship comes home. '.repeat(50)
    let engine: Engine
    beforeAll(async () => {
      const file = await modelFile('gemma-3-270m')
      engine = await load({ target: file, draft: file, contextLength: 1024, sessions: 2 })
    })
    afterAll(() => engine.dispose())
    const long = async (end: string, rest: GenerateRequest = {}): Promise<GenerateRequest> => {
      const promptTokens = await engine.tokenize(story + end, { bos: true })
      expect(promptTokens.length).toBeGreaterThan(680)
      return { promptTokens, maxTokens: 40, seed: 5, ...rest }
    }

    it('every method gives plain decoding’s text, greedy and sampled, rejected drafts and all', async () => {
      for (const temperature of [0, 0.8]) {
        const request = await long('The captain', { temperature })
        const plain = await answer(engine, { ...request, method: 'vanilla' })
        for (const method of METHODS) expect(await answer(engine, { ...request, method }), `${method} at ${temperature}`).toEqual(plain)
      }
      // A greedy draft is often wrong where the target samples.
      const { statistics } = await engine.generate(await long('The captain', { temperature: 1.5, method: 'speculative' })).result
      expect(statistics.acceptedTokens).toBeLessThan(statistics.draftTokens)
    })

    it('a cached beginning changes nothing', async () => {
      const request = await long('The harbor', { temperature: 0.8 })
      await Promise.all([0, 1].map((i) => engine.generate({ prompt: `${i}: Once`, maxTokens: 2 }).result)) // both slots forget the story
      const cold = await engine.generate(request).result
      expect(cold.usage.cachedTokens).toBeLessThan(10)
      await engine.generate(await long('The captain')).result
      const warm = await engine.generate(request).result
      expect(warm.usage.cachedTokens).toBeGreaterThan(680)
      expect(warm.text).toBe(cold.text)
    })

    it('two at once get what each gets alone', async () => {
      const requests = [await long('The captain', { temperature: 0.8 }), await long('A storm', { temperature: 0.8, seed: 6 })]
      const alone = []
      for (const request of requests) alone.push(await answer(engine, { ...request, method: 'vanilla' }))
      expect(await Promise.all(requests.map((request) => answer(engine, request)))).toEqual(alone)
    })
  })

  it.each([
    ['Mixtral’s kind', mixture],
    ['Qwen 3’s kind', qwenMixture],
  ])('every method gives a mixture of experts plain decoding’s tokens: %s', async (_, file) => {
    await using engine = await load({ target: file, draft: file })
    expect(engine.facts).toMatchObject({ exact: true, costs: { target: {}, draft: {} } })
    const promptTokens = randomTokens(9, 40, 320)
    for (const temperature of [0, 0.8]) {
      const request = { promptTokens, maxTokens: 64, temperature, seed: 5, logitBias: { 2: -100 } }
      const plain = await answer(engine, { ...request, method: 'vanilla' })
      expect(new Set(plain.logprobs).size).toBeGreaterThan(20)
      for (const method of METHODS) expect(await answer(engine, { ...request, method }), `${method} at ${temperature}`).toEqual(plain)
    }
  })
})

describe('with stock kernels', () => {
  it('texts are found not to be plain decoding’s to the byte, and results say so', async () => {
    await using engine = await load({ target: await modelFile('smollm2-135m'), draft: null, kernels: false, contextLength: 640 })
    expect(engine.facts).toMatchObject({ exact: false, kernels: { set: null } })
    expect(engine.facts.different).toEqual([expect.stringMatching(/^a .* behind \d+$/)])
    expect(await engine.generate(asked('Hi', { maxTokens: 2 })).result).toMatchObject({ exact: false })
  })

  it('exact is refused, saying why', async () => {
    const target = await modelFile('smollm2-135m')
    await expect(load({ target, draft: null, kernels: false, exact: true, contextLength: 640 })).rejects.toMatchObject({
      code: 'E_EXACT',
      message: expect.stringMatching(/a .* behind \d+ gives other bits .* since kernels are switched off/),
    })
  })
})

/** The logits after each of the last `count` tokens, one token a pass, with nobody else. */
function oneByOne(model: LlamaModel, text: readonly Token[], count: number): Float32Array[] {
  const cache = model.open()
  const rows = [text.slice(0, -count), ...text.slice(-count).map((token) => [token])].map((tokens) => {
    const tree = TokenTree.chain(tokens)
    const [logits] = model.forward([{ cache, tree }])
    const row = Float32Array.from(logits?.row(tree.size - 1) ?? [])
    cache.commit(tree.path(tree.size - 1))
    return row
  })
  cache.close()
  return rows.slice(1)
}

/** A chain, the logits of each of its tokens wanted. */
function wholeChain(tokens: readonly Token[]): TokenTree {
  const tree = new TokenTree()
  let at: NodeId = ROOT
  for (const token of tokens) at = tree.add(at, token, { needsLogits: true })
  return tree
}

function bytes(row: Float32Array | undefined): Buffer {
  return row ? Buffer.from(row.buffer, row.byteOffset, row.byteLength) : Buffer.alloc(0)
}

/** A digest of the logits of a text's passes, in a process that may be forced to an instruction set. */
function digest(file: string, { threads, set }: { threads: number; set?: InstructionSet }): string {
  const script = `
    import { createHash } from 'node:crypto'
    const { LlamaModel } = await import('./dist/llama/model.js')
    const { library } = await import('./dist/llama/library.js')
    const { TokenTree } = await import('./dist/core/index.js')
    const model = LlamaModel.load(${JSON.stringify(file)}, { contextLength: 512, threads: ${threads} })
    if (${JSON.stringify(set ?? null)} && library().kernels.set !== ${JSON.stringify(set ?? null)}) throw new Error(library().kernels.about)
    const cache = model.open()
    const hash = createHash('sha256')
    let next = 1
    for (const width of [70, 1, 1, 2, 4, 7, 16, 33]) {
      const tree = TokenTree.chain(Array.from({ length: width }, () => (next = (next * 16807) % 2147483647) % model.vocabSize), () => true)
      const [logits] = model.forward([{ cache, tree }])
      for (let node = 0; node < width; node++) {
        const row = logits.row(node)
        hash.update(Buffer.from(row.buffer, row.byteOffset, row.byteLength))
      }
      cache.commit(tree.path(width - 1))
    }
    console.log(hash.digest('hex'))
    model.close()`
  const { stdout, stderr, status } = runScript(script, set ? { OUROBOROS_KERNELS: set } : {})
  expect(status, stderr).toBe(0)
  return stdout.trim()
}
