import { abortedResult } from '../api/aborted-result.ts'
import { GenerationChannel } from '../api/generation-channel.ts'
import { DEFAULT_METHOD } from '../api/methods.ts'
import { checkRequest } from '../api/request-schema.ts'
import type {
  Engine,
  EngineFacts,
  GeneratedToken,
  GenerateRequest,
  Generation,
  GenerationResult,
  Rendered,
  StepTrace,
  TokenizeOptions,
} from '../api/types.ts'
import { OuroborosError } from '../core/errors.ts'
import { omitUndefined } from '../core/omit-undefined.ts'
import { emptyStatistics, recordStep } from '../core/stats.ts'
import { TokenTree } from '../core/token-tree.ts'
import { Matcher } from '../grammar/matcher.ts'
import { jsonSchemaToGrammar } from '../text/json-schema.ts'
import { toolGrammar, toolSyntaxOf } from '../text/tools/tool-grammar.ts'

export interface FakeEngineOptions {
  /** What it answers; default: a greeting. */
  answer?: (request: GenerateRequest) => string
  /** Requests at once. Default 2. */
  sessions?: number
  /** Milliseconds between two steps. Default 0. */
  stepMs?: number
  /** The prompt ends inside a thought. Default false. */
  isThinking?: boolean
  /** Words per step. Default 2. */
  stepWords?: number
  facts?: Partial<EngineFacts>
}

const model = { description: 'a fake', parameters: 1, bytes: 1, vocabSize: 100_000, trainedContext: 4096 }
const FACTS: EngineFacts = {
  library: 'fake',
  devices: [],
  contextLength: 4096,
  sessions: 2,
  threads: 1,
  tools: true,
  endTokens: [2],
  target: { ...model, file: 'big.gguf' },
  draft: { ...model, file: 'small.gguf' },
  costs: null,
  kernels: { set: null, about: 'a fake' },
  exact: true,
  different: [],
  loadMs: 1,
}

/** An engine without weights: it recites, word by word, and queues, aborts and refuses as the real one does. For tests of what stands on an engine. */
export class FakeEngine implements Engine {
  readonly facts: EngineFacts
  /** All requests so far. */
  readonly requests: GenerateRequest[] = []
  /** How many are being answered, how many were at most, and how many were given up. */
  running = 0
  mostRunning = 0
  aborted = 0
  disposed = false
  readonly #options: FakeEngineOptions
  readonly #queue: (() => void)[] = []
  readonly #words: string[] = []
  readonly #ids = new Map<string, number>()

  constructor(options: FakeEngineOptions = {}) {
    this.#options = options
    this.facts = { ...FACTS, sessions: options.sessions ?? FACTS.sessions, ...options.facts }
  }

  generate(request: GenerateRequest): Generation {
    if (this.disposed) throw new OuroborosError('E_CLOSED', 'the engine was disposed')
    checkRequest(request)
    this.requests.push(request)
    const controller = new AbortController()
    const channel = new GenerationChannel(() => controller.abort(), request.signal)
    if (request.signal?.aborted) controller.abort()
    const begin = (): void => {
      if (controller.signal.aborted) {
        this.aborted++
        channel.finish(abortedResult(request.method))
        return
      }
      this.running++
      this.mostRunning = Math.max(this.mostRunning, this.running)
      this.#recite(request, channel, controller.signal)
        .catch((error) => channel.fail(error))
        .finally(() => {
          this.running--
          this.#queue.shift()?.()
        })
    }
    if (this.running < this.facts.sessions) begin()
    else {
      this.#queue.push(begin)
      controller.signal.addEventListener('abort', () => {
        const at = this.#queue.indexOf(begin)
        if (at >= 0) this.#queue.splice(at, 1)[0]?.()
      })
    }
    return channel
  }

  async #recite(request: GenerateRequest, channel: GenerationChannel, signal: AbortSignal): Promise<void> {
    const promptTokens = this.#promptLength(request)
    if (request.jsonSchema !== undefined) jsonSchemaToGrammar(request.jsonSchema)
    if (request.tools && request.toolChoice && request.toolChoice !== 'auto')
      toolGrammar(request.tools, toolSyntaxOf(undefined), request.toolChoice === 'required')
    if (request.grammar !== undefined) new Matcher(request.grammar)
    const { isThinking = false } = this.#options
    channel.start({ promptTokens, cachedTokens: 0, ...(isThinking && { isThinking }) })
    const { stepMs = 0, stepWords = 2, answer = () => 'Hello there, wide world!' } = this.#options
    const full = answer(request)
    const stops = [request.stop ?? []].flat().filter((one) => full.includes(one))
    const stop = stops.sort((a, b) => full.indexOf(a) - full.indexOf(b))[0]
    const all = this.#split(full.slice(0, stop === undefined ? full.length : full.indexOf(stop)))
    const most = request.maxTokens === undefined || request.maxTokens < 0 ? all.length : request.maxTokens
    const words = all.slice(0, most)
    const statistics = emptyStatistics()
    let written = 0
    while (written < words.length && !signal.aborted) {
      await new Promise((resolve) => setTimeout(resolve, stepMs))
      if (signal.aborted) break
      const tokens = words.slice(written, written + stepWords).map((word, i) => this.#token(word, i, request))
      recordStep(statistics, TokenTree.chain(tokens.map(({ id }) => id)), tokens.length - 1, tokens)
      written += tokens.length
      const trace = request.trace && { trace: traceOf(promptTokens + written - tokens.length, tokens) }
      channel.push({ text: tokens.map(({ text }) => text).join(''), tokens, widths: { target: tokens.length, draft: [] }, ...trace })
    }
    if (signal.aborted) this.aborted++
    const finishReason = signal.aborted ? 'abort' : words.length < all.length ? 'length' : 'stop'
    const text = words.slice(0, written).join('')
    channel.finish(
      this.#result(request, { text, finishReason, promptTokens, statistics, written, stop: finishReason === 'stop' ? stop : undefined }),
    )
  }

  #result(
    { method = DEFAULT_METHOD }: GenerateRequest,
    done: Pick<GenerationResult, 'text' | 'finishReason' | 'statistics'> & {
      promptTokens: number
      written: number
      stop: string | undefined
    },
  ): GenerationResult {
    return {
      text: done.text,
      finishReason: done.finishReason,
      ...omitUndefined({ stop: done.stop }),
      usage: { promptTokens: done.promptTokens, completionTokens: done.written, cachedTokens: 0 },
      timings: { promptMs: 1, predictedMs: 2, predictedPerSecond: 1000, engineMs: 2, draftMs: 1, targetMs: 1, ownMs: 0.1 },
      method,
      statistics: done.statistics,
      exact: this.facts.exact,
    }
  }

  #promptLength({ prompt, promptTokens, messages }: GenerateRequest): number {
    const length = promptTokens?.length ?? this.#split(prompt ?? messages?.map((one) => one.content).join(' ') ?? '').length
    if (length === 0) throw new OuroborosError('E_PROMPT', 'the prompt is empty')
    if (length > this.facts.contextLength)
      throw new OuroborosError('E_CONTEXT', `the prompt has ${length} tokens and the context holds ${this.facts.contextLength}`)
    return length
  }

  #token(text: string, place: number, { logprobs }: GenerateRequest): GeneratedToken {
    const id = this.#id(text)
    const top = Array.from({ length: logprobs ?? 0 }, (_, i) => ({ id: id + i, text: i === 0 ? text : `${text}${i}`, logprob: -0.5 - i }))
    return { id, text, origin: place === 0 ? 'target' : 'draft', ...(logprobs !== undefined && { logprob: -0.5, topLogprobs: top }) }
  }

  #split(text: string): string[] {
    return text.match(/\s*\S+|\s+$/g) ?? []
  }

  #id(word: string): number {
    const known = this.#ids.get(word)
    if (known !== undefined) return known
    this.#ids.set(word, this.#words.length)
    return this.#words.push(word) - 1
  }

  async render(request: GenerateRequest): Promise<Rendered> {
    checkRequest(request)
    const text = request.prompt ?? request.messages?.map(({ role, content }) => `${role}: ${content}\n`).join('')
    const tokens = request.promptTokens ?? this.#split(text ?? '').map((word) => this.#id(word))
    return { text: text ?? (await this.detokenize(tokens)), tokens }
  }

  async tokenize(text: string, _options: TokenizeOptions = {}): Promise<number[]> {
    return this.#split(text).map((word) => this.#id(word))
  }

  async detokenize(tokens: readonly number[]): Promise<string> {
    return tokens.map((id) => this.#words[id] ?? '').join('')
  }

  async pieces(tokens: readonly number[]): Promise<number[][]> {
    return tokens.map((id) => [...Buffer.from(this.#words[id] ?? '')])
  }

  async forgetPhrases(): Promise<void> {}

  async dispose(): Promise<void> {
    this.disposed = true
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose()
  }
}

/** A step's trace: all tokens but the target's own were proposed, one behind the other. */
function traceOf(before: number, tokens: readonly GeneratedToken[]): StepTrace {
  const proposed = tokens.filter(({ origin }) => origin !== 'target')
  const [first, ...rest] = tokens.map(({ text }) => text)
  return {
    before,
    draftPasses: proposed.length,
    tree: proposed.map(({ id, text, origin }, i) => ({ parent: i - 1, token: id, text, origin, chance: 0.5 })),
    accepted: proposed.map((_, i) => i),
    learned: [{ key: first ?? '', phrase: rest.join(''), source: 'history' }],
  }
}
