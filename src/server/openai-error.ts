import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { type ErrorCode, OuroborosError } from '../core/errors.ts'

type Status = 400 | 401 | 403 | 404 | 408 | 413 | 415 | 429 | 500 | 501 | 503

/** A refusal in OpenAI's shape. */
export class ApiError extends Error {
  readonly status: Status
  readonly code: string | null
  readonly param: string | null
  /** Seconds after which to try again. */
  readonly retryAfter: number | undefined
  /** Further fields of the body. */
  readonly numbers: Readonly<Record<string, number>>

  constructor(
    status: Status,
    message: string,
    about: { code?: string; param?: string; retryAfter?: number; numbers?: Readonly<Record<string, number>> } = {},
  ) {
    super(message)
    this.status = status
    this.code = about.code ?? null
    this.param = about.param ?? null
    this.retryAfter = about.retryAfter
    this.numbers = about.numbers ?? {}
  }
}

/** What a client may be blamed for; every other code is the server's fault. */
const STATUS: Partial<Record<ErrorCode, { status: Status; code: string }>> = {
  E_USAGE: { status: 400, code: 'invalid_value' },
  E_PROMPT: { status: 400, code: 'invalid_prompt' },
  E_CONTEXT: { status: 400, code: 'context_length_exceeded' },
  E_GRAMMAR: { status: 400, code: 'invalid_grammar' },
  E_CLOSED: { status: 503, code: 'unavailable' },
}

/** Any error as a refusal; what went wrong inside is not told to strangers. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  if (error instanceof OuroborosError) {
    const known = STATUS[error.code]
    const { promptTokens, contextLength } = error.numbers ?? {}
    const lengths = promptTokens !== undefined && contextLength !== undefined && { n_prompt_tokens: promptTokens, n_ctx: contextLength }
    const more = { ...(known?.status === 503 && { retryAfter: 5 }), ...(lengths && { numbers: lengths }) }
    if (known) return new ApiError(known.status, error.message, { code: known.code, ...more })
  }
  if (error instanceof HTTPException && error.status < 500)
    return new ApiError(error.status === 415 ? 415 : 400, `the body is not JSON: ${error.message}`, { code: 'invalid_body' })
  return new ApiError(500, 'the server failed; its log says how', { code: 'internal_error' })
}

/** The body of a refusal. */
export function errorBody(error: ApiError) {
  const type =
    error.status >= 500
      ? 'server_error'
      : error.status === 401
        ? 'authentication_error'
        : error.status === 429
          ? 'rate_limit_error'
          : error.code === 'context_length_exceeded'
            ? 'exceed_context_size_error' // llama.cpp's name
            : 'invalid_request_error'
  return { error: { message: error.message, type, param: error.param, code: error.code, ...error.numbers } }
}

export function errorResponse(c: Context, error: ApiError): Response {
  if (error.retryAfter !== undefined) c.header('Retry-After', String(error.retryAfter))
  if (error.status === 401) c.header('WWW-Authenticate', 'Bearer')
  // Anthropic's clients look for the outer type; nobody else minds it.
  return c.json({ ...(c.req.path === '/v1/messages' && { type: 'error' }), ...errorBody(error) }, error.status)
}
