import type { CostCurve } from '../core/cost-curve.ts'
import type { PassWidths } from '../core/decoding/session.ts'
import type { PoolReport, Statistics } from '../core/stats.ts'
import type { Origin, PhraseSource } from '../core/token.ts'
import type { ChatMessage, Tool, ToolChoice } from './chat.ts'
import type { HistoryWish, TenantWish } from './history.ts'
import type { Method, MethodOptions } from './methods.ts'

export type * from './chat.ts'

/** Element types of the key-value cache. */
export type CacheType = 'f16' | 'bf16' | 'f32' | 'q8_0'

/** What `load` takes. Models are catalog ids, `hf:owner/repo/file.gguf`, or paths of GGUF files. */
export interface LoadOptions extends HistoryWish {
  target: string
  /** `null` or absent: no draft model (a catalog id as target brings its own draft; `null` refuses it). */
  draft?: string | null
  /** Make a cheaper precision of the catalog's draft model once, and load that. Default true. */
  draftRequantize?: boolean
  /** Tokens of context, prompt and answer together. Default 4096, at most the model's own. */
  contextLength?: number
  /** Default true: `load` throws E_MEMORY where the models, their context and passes need more memory than is available. Not looked at with a GPU. */
  memoryCheck?: boolean
  /** Requests answered at once, in joint passes; each has its own context. Default 1. */
  sessions?: number
  /** Threads for one pass. Default: the machine's cores. */
  threads?: number
  /** Layers of the target on the GPU; -1 = all. Default 0 where there is no GPU library. */
  gpuLayers?: number
  draftGpuLayers?: number
  /** Another build of the same llama.cpp version: its libllama file or the folder. Default: `OUROBOROS_LIBRARY`, else the platform's package. */
  library?: string
  /**
   * Whether passes of different width are measured at the first load (seconds, remembered per machine, library, file and settings) so that
   * drafts are as long as they pay. Default true; `fresh` = measure again; false = usual costs are assumed.
   */
  calibrate?: boolean | 'fresh'
  /** Names of devices as `devices()` lists them. Default: the library's choice. */
  devices?: readonly string[]
  /** Default true; without it texts are not plain decoding's to the byte. */
  flashAttention?: boolean
  /** Type of the cached keys. Default f16. */
  cacheTypeK?: CacheType
  /** Type of the cached values. Default f16. */
  cacheTypeV?: CacheType
  /** True: `load` throws E_EXACT where texts would not be plain decoding's to the byte. They are by default wherever that can be had (`facts.exact`). */
  exact?: boolean
  /** Default true: kernels of our own where the processor has them. False: llama.cpp's, for comparison and as a way out. */
  kernels?: boolean
  /** A Jinja chat template, or the name of a known one, instead of the model's own. */
  chatTemplate?: string
  /** Text files whose phrases the pool holds from the start. */
  corpusFiles?: readonly string[]
  /** Lines that the native library logs. */
  onLog?: (line: string) => void
  /** Loading and pulling: what is being done, and the part done (0..1) where known. */
  onProgress?: (event: {
    phase: 'pull' | 'requantize' | 'kernels' | 'load' | 'calibrate' | 'probe'
    file: string
    fraction: number
  }) => void
  /** Lines about what works, but not as well as it could. */
  onWarning?: (line: string) => void
  /** Gives up loading: `load` rejects with the signal's reason, and what was loaded is freed. */
  signal?: AbortSignal
}

/** Sampling from the target's logits; greedy by default. Names as in llama.cpp. */
export interface SamplingOptions {
  /** 0 = greedy (default). */
  temperature?: number
  /** 0 = off. */
  topK?: number
  /** 1 = off. */
  topP?: number
  /** 0 = off. */
  minP?: number
  /** 1 = off. */
  repeatPenalty?: number
  presencePenalty?: number
  frequencyPenalty?: number
  /** Tokens back that the penalties look at. Default 64; -1 = all. */
  penaltyLastN?: number
  /** Token id → added to its logit (-100..100). */
  logitBias?: Readonly<Record<number, number>>
  /** The end of the text is never picked: the answer goes on to `maxTokens`. Default false. */
  ignoreEos?: boolean
  /** Integer. Same seed, same text, whatever the method. Default 0. */
  seed?: number
}

export interface GenerateRequest extends SamplingOptions, TenantWish {
  /** Raw text, its tokens, or messages for the model's chat template: one of the three. */
  prompt?: string
  promptTokens?: readonly number[]
  messages?: readonly ChatMessage[]
  /** Shown to the model by its chat template; its calls are text in the answer (see `AnswerStream`). */
  tools?: readonly Tool[]
  /** `auto` (default): a call that the model begins is legal to its end. `required`, or a tool's name: the answer is a call. */
  toolChoice?: ToolChoice
  /** Whether an answer may have several calls. Default true. */
  parallelToolCalls?: boolean
  /** Further variables of the chat template, e.g. `enable_thinking`. */
  chatTemplateKwargs?: Readonly<Record<string, unknown>>
  /** Whether a last message of the assistant is gone on from. Default true. */
  continueFinalMessage?: boolean
  /** Whether the template opens the assistant's message. Default true. */
  addGenerationPrompt?: boolean
  /** Default 512; -1 = to the end of the context. */
  maxTokens?: number
  /** The end of the text is not picked before so many tokens. Default 0. Not together with `stop`, a grammar, a schema or tools. */
  minTokens?: number
  stop?: string | readonly string[]
  /** Most likely alternatives to report per token, 0..20; 0 = only the token's own log-probability. Absent = none. */
  logprobs?: number
  /** Default: `ouroboros`. */
  method?: Method
  options?: MethodOptions
  /** GBNF rules that the answer must follow; or a JSON schema. */
  grammar?: string
  jsonSchema?: boolean | Readonly<Record<string, unknown>>
  /** Tokens of the prompt that may be taken from what earlier requests left in the caches. 0: it is read anew. Default: all that fit. */
  maxCachedTokens?: number
  /** Text that the answer will probably repeat in large parts (Predicted Outputs): a source of phrases for this request only. */
  prediction?: string
  /** Adds to each step what was drafted, tried and learned. */
  trace?: boolean
  signal?: AbortSignal
}

export interface GeneratedToken {
  id: number
  /** Text that this token completes; empty while a UTF-8 character is incomplete. */
  text: string
  origin: Origin
  source?: PhraseSource
  logprob?: number
  topLogprobs?: readonly { id: number; text: string; logprob: number }[]
}

/** What one step of draft and verification emitted. `text` is safe to print: never half a character, never part of a stop string. */
export interface GenerationStep {
  text: string
  tokens: readonly GeneratedToken[]
  /** Tokens in each of its passes; absent for what is only flushed at the end. */
  widths?: PassWidths
  /** With `trace`: how it came about; absent for what is only flushed at the end. */
  trace?: StepTrace
}

/** One round of drafting and verification, for people and programs that want to follow the method. */
export interface StepTrace {
  /** Tokens of prompt and answer before it. */
  before: number
  draftPasses: number
  /** What was sent to the target: a tree, parents before children; parent -1 = the last token before. */
  tree: readonly TraceNode[]
  /** Nodes of the tree that were accepted, from its top. */
  accepted: readonly number[]
  /** Phrases that were new or changed. */
  learned: readonly { key: string; phrase: string; source: PhraseSource }[]
  /** The pool after it, where the method has one. */
  pool?: PoolReport
}

export interface TraceNode {
  parent: number
  token: number
  text: string
  origin: Origin
  source?: PhraseSource
  /** Estimated chance that it is accepted if its parent is. */
  chance?: number
}

export type FinishReason = 'stop' | 'length' | 'abort'

export interface GenerationResult {
  text: string
  finishReason: FinishReason
  /** The stop string that ended it. */
  stop?: string
  usage: { promptTokens: number; completionTokens: number; cachedTokens: number }
  timings: Timings
  method: Method
  statistics: Statistics
  /** True: by construction and probe, the text is plain decoding's under the same options, byte for byte. */
  exact: boolean
}

/** Milliseconds, but for the rate. */
export interface Timings {
  /** From its turn to the first tokens, and from there to the last ones. What the draft model does before the first tokens belongs to the second. */
  promptMs: number
  predictedMs: number
  /** Of the tokens behind the first one. */
  predictedPerSecond: number
  /** Inside passes of the models: draft and target together. */
  engineMs: number
  /** Shares of draft and target passes; a pass that several sessions share counts for each of them. */
  draftMs: number
  targetMs: number
  /** Picking, walking and drafting outside the models. */
  ownMs: number
}

/** One running generation: iterate for steps; `result` settles at the end, however it ends. */
export interface Generation extends AsyncIterable<GenerationStep> {
  /** Its turn has come and its prompt is legal; rejects where it is not, like `result`. Undefined: aborted before. */
  readonly started: Promise<Started | undefined>
  readonly result: Promise<GenerationResult>
}

export interface Started {
  promptTokens: number
  /** Of the prompt, found in the cache. */
  cachedTokens: number
  /** The chat template has opened a thought: the answer begins inside it. */
  isThinking?: boolean
}

export interface ModelFacts {
  file: string
  description: string
  parameters: number
  bytes: number
  vocabSize: number
  trainedContext: number
}

export interface EngineFacts {
  /** The native library and its version. */
  library: string
  devices: readonly string[]
  contextLength: number
  /** Requests answered at once. */
  sessions: number
  threads: number
  /** Whether the chat template can show tools. */
  tools: boolean
  /** Tokens that end an answer. */
  endTokens: readonly number[]
  target: ModelFacts
  draft: ModelFacts | null
  loadMs: number
  /** The instruction set of our own kernels and how they came here; `set` null: stock kernels, and why. */
  kernels: { set: string | null; about: string }
  /** Whether passes of every shape compute plain decoding's bits (probed at the first load, remembered), so that texts are the same to the byte. */
  exact: boolean
  /** What the probe found to differ. */
  different: readonly string[]
  /** What passes cost on this machine; null where it was not measured. */
  costs: { target: CostCurve; draft: CostCurve | null } | null
}

/** A prompt as the model reads it. */
export interface Rendered {
  text: string
  tokens: readonly number[]
}

export interface TokenizeOptions {
  special?: boolean
  bos?: boolean
}

/** A loaded target (and draft) model in a worker thread. At most `facts.sessions` generations run at once, the others are queued. */
export interface Engine extends AsyncDisposable {
  readonly facts: EngineFacts
  generate(request: GenerateRequest): Generation
  /** What a request's prompt or messages are to the model; nothing is generated. Throws E_USAGE, E_PROMPT, E_CONTEXT. */
  render(request: GenerateRequest): Promise<Rendered>
  /** `special` (default true): control tokens in the text are parsed as such. `bos` (default false): begin as the model wants it. */
  tokenize(text: string, options?: TokenizeOptions): Promise<number[]>
  detokenize(tokens: readonly number[]): Promise<string>
  /** Each token's bytes: maybe only part of a character. */
  pieces(tokens: readonly number[]): Promise<number[][]>
  /** Forgets what a tenant's requests have taught, on disk too; running requests go on. Default: `history.tenant` of `load`. */
  forgetPhrases(tenant?: string): Promise<void>
  /** Ends running generations and frees native memory. Idempotent. */
  dispose(): Promise<void>
}
