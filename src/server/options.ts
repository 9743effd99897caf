import type { GenerateRequest } from '../api/types.ts'

/** How a server answers; every limit has a default. */
export interface ServerOptions {
  /** Name of the model in the API. Default: the target file's name. */
  readonly model?: string
  /** Further names that requests may give the model. */
  readonly aliases?: readonly string[]
  /** Keys that open the API; none = open to whoever can connect. */
  readonly apiKeys?: readonly string[]
  /** Yes, everybody who can reach the address may use it, by whatever name. */
  readonly open?: boolean
  /** Origins that other pages may call from; none = no CORS headers, and what they send is refused. */
  readonly corsOrigins?: readonly string[]
  /** Whether `/metrics` is there. Default false. */
  readonly metrics?: boolean
  /** Whether `/slots` is there. Default true. */
  readonly slots?: boolean
  /** `none`: what a model thinks stays in its answer's content; else it is `reasoning_content`. Default auto. */
  readonly reasoningFormat?: 'none' | 'auto' | 'deepseek'
  /** What requests do not say themselves: sampling, method. */
  readonly defaults?: Omit<GenerateRequest, 'prompt' | 'promptTokens' | 'messages' | 'signal'>
  /** Whether all keys draft from one another's phrases. Default false: each key is a tenant. */
  readonly shareHistory?: boolean
  readonly limits?: Partial<Limits>
  /** One object per request and event. Default: none. */
  readonly log?: Log
  /** Whether log lines carry prompts and answers. Default false. */
  readonly logPrompts?: boolean
}

/** Counts, bytes, and milliseconds. */
export interface Limits {
  readonly bodyBytes: number
  /** Tokens of a prompt; beyond the context nothing fits anyway. */
  readonly promptTokens: number
  /** Answers that may wait for a slot, over all clients. */
  readonly queued: number
  /** Answers of one key at once, waiting ones included. */
  readonly perKey: number
  /** Requests of one key per minute. */
  readonly perMinute: number
  /** Longest wait for a slot. */
  readonly queueMs: number
  /** Longest time of an answer, from its slot to its end; then it is cut. */
  readonly answerMs: number
  /** Longest time that a client may leave a chunk unread. */
  readonly writeMs: number
}

export const LIMITS: Limits = {
  bodyBytes: 4 * 2 ** 20,
  promptTokens: Number.POSITIVE_INFINITY,
  queued: 64,
  perKey: Number.POSITIVE_INFINITY,
  perMinute: Number.POSITIVE_INFINITY,
  queueMs: 120_000,
  answerMs: 600_000,
  writeMs: 30_000,
}

/** The part of a pino logger that is used. */
export interface Log {
  info(about: object, message: string): void
  warn(about: object, message: string): void
  error(about: object, message: string): void
}
