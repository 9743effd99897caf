import { createRoute, type OpenAPIHono, type z } from '@hono/zod-openapi'
import type { Client } from './admission.ts'
import { errorSchema } from './response-schemas.ts'

export interface AppEnv {
  Variables: { requestId: string; client: Client }
}

export type App = OpenAPIHono<AppEnv>

/** A response with a JSON body. */
export function json<T extends z.ZodType>(schema: T, description: string) {
  return { description, content: { 'application/json': { schema } } }
}

const refusals = {
  400: json(errorSchema, 'the request is wrong'),
  401: json(errorSchema, 'no key, or a wrong one'),
  404: json(errorSchema, 'there is no such model or route'),
  413: json(errorSchema, 'too large'),
  415: json(errorSchema, 'the body is not JSON'),
  429: json(errorSchema, 'too many requests; Retry-After says when to try again'),
  501: json(errorSchema, 'the server was started without it'),
  503: json(errorSchema, 'the server is stopping'),
}

/** A route that takes a JSON body. */
export function postRoute<B extends z.ZodType, R extends Record<number, object>>(path: string, summary: string, body: B, responses: R) {
  return createRoute({
    method: 'post',
    path,
    summary,
    request: { body: { required: true, content: { 'application/json': { schema: body } } } },
    responses: { ...refusals, ...responses } as typeof refusals & R,
  })
}

export function getRoute<R extends Record<number, object>>(path: string, summary: string, responses: R) {
  return createRoute({ method: 'get', path, summary, responses: { ...refusals, ...responses } as typeof refusals & R })
}
