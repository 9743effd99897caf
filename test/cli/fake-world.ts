import { PassThrough } from 'node:stream'
import type {
  Engine,
  EngineFacts,
  GenerateRequest,
  Generation,
  GenerationResult,
  GenerationStep,
  LoadOptions,
  Rendered,
} from '../../src/api/types.ts'
import type { TextVocabulary, World } from '../../src/cli/commands/world.ts'
import { main } from '../../src/cli/program.ts'
import { OuroborosError } from '../../src/core/errors.ts'
import { emptyStatistics, recordStep } from '../../src/core/stats.ts'
import type { Origin } from '../../src/core/token.ts'
import { TokenTree } from '../../src/core/token-tree.ts'

/** Steps of a fake answer: words with their origins. */
export type Script = readonly (readonly [Origin, string][])[]

export const SCRIPT: Script = [
  [['target', 'Hello']],
  [
    ['draft', ' big'],
    ['phrase', ' wide'],
    ['target', ' world'],
  ],
]
export const TEXT = 'Hello big wide world'

/** What a fake engine does. */
export interface FakeOptions {
  /** The script for a request; default `SCRIPT`. */
  answer?: (request: GenerateRequest) => Script
  /** Tokens per second that results report. */
  speed?: (request: GenerateRequest) => number
  /** Called before each step, e.g. to interrupt. */
  beforeStep?: (index: number, request: GenerateRequest) => void | Promise<void>
  facts?: Partial<EngineFacts>
}

const FACTS: EngineFacts = {
  library: 'fake',
  devices: [],
  contextLength: 4096,
  sessions: 1,
  threads: 2,
  tools: true,
  endTokens: [],
  target: { file: 'big.gguf', description: 'big model', parameters: 1, bytes: 1, vocabSize: 8, trainedContext: 4096 },
  draft: { file: 'small.gguf', description: 'small model', parameters: 1, bytes: 1, vocabSize: 8, trainedContext: 4096 },
  kernels: { set: null, about: 'a fake' },
  exact: true,
  different: [],
  costs: null,
  loadMs: 5,
}

/** An engine that recites a script; records the requests it got. */
export class FakeEngine implements Engine {
  readonly facts: EngineFacts
  readonly requests: GenerateRequest[] = []
  /** The methods that were run, and `forget` where the pools were emptied. */
  readonly events: string[] = []
  disposed = false
  readonly #options: FakeOptions

  constructor(options: FakeOptions = {}) {
    this.#options = options
    this.facts = { ...FACTS, ...options.facts }
  }

  generate(request: GenerateRequest): Generation {
    this.requests.push(request)
    this.events.push(request.method ?? 'ouroboros')
    let settle: (result: GenerationResult) => void
    const result = new Promise<GenerationResult>((resolve) => {
      settle = resolve
    })
    const script = this.#options.answer?.(request) ?? SCRIPT
    const { beforeStep, speed } = this.#options
    const { facts } = this
    async function* steps(): AsyncGenerator<GenerationStep> {
      const statistics = emptyStatistics()
      let text = ''
      let tokens = 0
      for (const [index, words] of script.entries()) {
        await beforeStep?.(index, request)
        if (request.signal?.aborted) break
        const step = words.map(([origin, word], at) => ({ id: word.length * 10 + at, text: word, origin, logprob: -0.5, topLogprobs: [] }))
        const proposal = TokenTree.chain(words.map((_, at) => at))
        recordStep(statistics, proposal, words.filter(([origin]) => origin !== 'target').length, step)
        const added = words.map(([, word]) => word).join('')
        text += added
        tokens += words.length
        yield { text: added, tokens: step, widths: { target: words.length, draft: [] } }
      }
      settle({
        text,
        finishReason: request.signal?.aborted ? 'abort' : 'stop',
        usage: { promptTokens: 3, completionTokens: tokens, cachedTokens: 0 },
        timings: {
          promptMs: 1,
          predictedMs: 2,
          predictedPerSecond: speed?.(request) ?? 10,
          engineMs: 2,
          draftMs: 1,
          targetMs: 1,
          ownMs: 0,
        },
        method: request.method ?? 'ouroboros',
        statistics,
        exact: facts.exact,
      })
    }
    const started = Promise.resolve({ promptTokens: 3, cachedTokens: 0 })
    return { started, result, [Symbol.asyncIterator]: () => steps() }
  }

  /** Its template: a message a line. */
  async render({ messages = [] }: GenerateRequest): Promise<Rendered> {
    const text = messages.map(({ content }) => `${content}\n`).join('')
    return { text, tokens: BYTES.tokenize(text) }
  }

  async tokenize(text: string): Promise<number[]> {
    return [...BYTES.tokenize(text)]
  }

  async pieces(): Promise<number[][]> {
    return []
  }

  async detokenize(tokens: readonly number[]): Promise<string> {
    return BYTES.detokenize(tokens)
  }

  async forgetPhrases(): Promise<void> {
    this.events.push('forget')
  }

  async dispose(): Promise<void> {
    this.disposed = true
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose()
  }
}

/** Every byte is a token. */
export const BYTES: TextVocabulary = {
  identity: '0123456789abcdef',
  size: 256,
  tokenize: (text) => [...Buffer.from(text)],
  detokenize: (tokens) => Buffer.from(tokens).toString(),
}

/** A world of streams in memory. */
export class FakeWorld implements World {
  readonly engine: FakeEngine
  readonly stdin = Object.assign(new PassThrough(), { isTTY: false })
  readonly stdout = Object.assign(new PassThrough(), { isTTY: false })
  readonly stderr = Object.assign(new PassThrough(), { isTTY: false })
  readonly env: Record<string, string | undefined> = {}
  readonly exits: number[] = []
  /** Pages that were opened in the browser. */
  readonly opened: string[] = []
  loaded: LoadOptions | undefined
  readonly terminal: World['terminal']
  readonly #listeners = new Set<() => void>()
  #out = ''
  #err = ''

  constructor(options: FakeOptions = {}) {
    this.engine = new FakeEngine(options)
    this.stdout.on('data', (chunk) => {
      this.#out += chunk
    })
    this.stderr.on('data', (chunk) => {
      this.#err += chunk
    })
    this.terminal = {
      stdin: this.stdin,
      stdout: this.stdout,
      stderr: this.stderr,
      env: this.env,
      onInterrupt: (listener) => {
        this.#listeners.add(listener)
        return () => void this.#listeners.delete(listener)
      },
      onTerminate: (listener) => {
        this.#listeners.add(listener)
        return () => void this.#listeners.delete(listener)
      },
      exit: (code) => void this.exits.push(code),
    }
  }

  get out(): string {
    return this.#out
  }

  get err(): string {
    return this.#err
  }

  /** Whether Ctrl-C is listened to. */
  get listening(): boolean {
    return this.#listeners.size > 0
  }

  /** Presses Ctrl-C. */
  interrupt(): void {
    for (const listener of [...this.#listeners]) listener()
  }

  async load(options: LoadOptions): Promise<FakeEngine> {
    this.loaded = options
    options.onProgress?.({ phase: 'load', file: 'models/big.gguf', fraction: 0.5 })
    return this.engine
  }

  open(url: string): void {
    this.opened.push(url)
  }

  async buildPeer(): Promise<never> {
    throw new OuroborosError('E_PLATFORM', 'a fake world has no compiler')
  }

  async withVocabulary<T>(_model: string, use: (vocabulary: TextVocabulary) => Promise<T>): Promise<T> {
    return await use(BYTES)
  }

  async devices(): Promise<readonly string[]> {
    return ['CPU', 'CUDA0']
  }

  /** Runs a command line with `piped` on standard input (nothing by default); returns the exit code. */
  async run(argv: readonly string[], piped = ''): Promise<number> {
    if (!this.stdin.isTTY) this.stdin.end(piped)
    return await main(argv, this)
  }
}
