import { randomUUID } from 'node:crypto'
import { OpenAPIHono } from '@hono/zod-openapi'
import { cors } from 'hono/cors'
import { OuroborosError } from '../core/errors.ts'
import type { App, AppEnv } from './app-types.ts'
import { limitBody } from './body-limit.ts'
import { browserGuard } from './browser-guard.ts'
import { addChatRoute } from './chat-route.ts'
import { addCompletionRoute } from './completion-route.ts'
import { addInfoRoutes } from './info-routes.ts'
import { addMessagesRoute } from './messages-route.ts'
import { addNativeRoute } from './native-route.ts'
import { ApiError, asApiError, errorResponse } from './openai-error.ts'
import { addPageRoutes, browserHeaders, PAGE_PATHS } from './page-routes.ts'
import { addPhraseRoutes } from './phrase-routes.ts'
import { addResponsesRoute } from './responses-route.ts'
import type { Serving } from './serving.ts'
import { addTokenRoutes } from './token-routes.ts'

/** Open to everybody: a probe, the description of the API, and the page's own files. */
const PUBLIC: readonly string[] = ['/health', '/openapi.json', ...PAGE_PATHS]

/** The HTTP application: web-standard requests in, responses out; it owns no socket. */
export function createApp(serving: Serving): App {
  const { keys, limits, options, log, metrics } = serving
  const app: App = new OpenAPIHono<AppEnv>({
    getPath: (request) => servedPath(new URL(request.url).pathname),
    defaultHook: (result) => {
      if (result.success) return
      const issue = result.error.issues[0]
      if (issue?.code === 'unrecognized_keys') throw unknownField([...issue.path, issue.keys[0] ?? ''].join('.'))
      const param = issue?.path.join('.') ?? ''
      throw new ApiError(400, `${param || 'the body'}: ${issue?.message ?? 'wrong'}`, { ...(param && { param }), code: 'invalid_value' })
    },
  })

  app.use(async (c, next) => {
    const given = c.req.header('x-request-id')
    const id = given && /^[\w.:-]{1,64}$/.test(given) ? given : randomUUID()
    c.set('requestId', id)
    const began = performance.now()
    serving.requests++
    await next().finally(() => serving.requests--)
    c.header('X-Request-Id', id)
    const { status } = c.res
    // A route's pattern, not what was asked for: the number of series stays bounded.
    const route = [401, 403, 404].includes(status) ? 'unknown' : c.req.path.startsWith('/v1/models/') ? '/v1/models/{model}' : c.req.path
    metrics.request(route, status)
    if (PUBLIC.includes(c.req.path)) return
    log.info({ id, client: c.get('client'), method: c.req.method, path: c.req.path, status, ms: performance.now() - began }, 'request')
  })
  app.use(browserHeaders(), browserGuard(options.corsOrigins ?? [], keys.isOpen && !options.open))
  if (options.corsOrigins?.length) app.use(cors({ origin: [...options.corsOrigins] }))
  app.use(async (c, next) => {
    if (PUBLIC.includes(c.req.path)) return await next()
    const client = keys.client(c.req.header('authorization') ?? bearer(c.req.header('x-api-key')))
    if (client === undefined) throw new ApiError(401, 'no valid API key: send Authorization: Bearer KEY', { code: 'invalid_api_key' })
    c.set('client', client)
    if (serving.isStopping) throw new ApiError(503, 'the server is stopping', { code: 'unavailable', retryAfter: 5 })
    if (c.req.method === 'POST') serving.admission.count(client)
    await next()
  })
  app.use(limitBody(limits.bodyBytes))

  addChatRoute(app, serving)
  addCompletionRoute(app, serving)
  addNativeRoute(app, serving)
  addResponsesRoute(app, serving)
  addMessagesRoute(app, serving)
  addTokenRoutes(app, serving)
  addInfoRoutes(app, serving)
  addPhraseRoutes(app, serving)
  addPageRoutes(app)
  app.openAPIRegistry.registerComponent('securitySchemes', 'key', { type: 'http', scheme: 'bearer' })
  app.doc31('/openapi.json', {
    openapi: '3.1.0',
    info: { title: 'Ouroboros', version: serving.version },
    ...(!keys.isOpen && { security: [{ key: [] }] }),
  })

  app.notFound((c) =>
    errorResponse(c, new ApiError(404, `there is no ${c.req.method} ${c.req.path.slice(0, 200)}`, { code: 'unknown_url' })),
  )
  app.onError((error, c) => {
    if (error instanceof OuroborosError && error.code === 'E_CLOSED') serving.isBroken = !serving.isStopping
    const refusal = asApiError(error)
    if (refusal.status >= 500 && refusal.code === 'internal_error')
      log.error({ id: c.get('requestId'), error: String(error.stack ?? error) }, 'failure')
    return errorResponse(c, refusal)
  })
  return app
}

/** Anthropic's clients send the key alone. */
function bearer(key: string | undefined): string | undefined {
  return key === undefined ? undefined : `Bearer ${key}`
}

/** Paths without `/v1` and with a slash at the end are the same, as they are for llama.cpp; `/completions` is its own form. */
function servedPath(path: string): string {
  const plain = path.length > 1 ? path.replace(/\/+$/, '') : path
  if (plain === '/completions') return '/completion'
  const isShort =
    /^\/(?:chat\/completions(?:\/input_tokens)?|models(?:\/.+)?|responses|messages(?:\/count_tokens)?|embeddings|rerank)$/.test(plain)
  return isShort ? `/v1${plain}` : plain
}

function unknownField(param: string): ApiError {
  return new ApiError(400, `${param}: there is no such field here; /openapi.json has those that there are`, {
    param,
    code: 'unknown_parameter',
  })
}
