import type { MiddlewareHandler } from 'hono'
import type { AppEnv } from './app-types.ts'
import { ApiError } from './openai-error.ts'

/** Most of a body that is too large that is still read, so that its sender comes to read the answer. */
const DRAIN_BYTES = 64 * 2 ** 20
const DRAIN_MS = 10_000

/** Refuses bodies over `most` bytes. The rest is read and dropped: a client that still writes would see a broken pipe instead. */
export function limitBody(most: number): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const length = Number(c.req.header('content-length') ?? Number.NaN)
    const isKnown = Number.isFinite(length) && c.req.header('transfer-encoding') === undefined
    if (isKnown && length <= most) return await next()
    const body = c.req.raw.body
    if (!body) return await next()
    const chunks: Uint8Array[] = []
    let size = 0
    const late = performance.now() + DRAIN_MS
    for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
      size += chunk.length
      if (size <= most) chunks.push(chunk)
      else {
        chunks.length = 0
        if (size > most + DRAIN_BYTES || performance.now() > late) break
      }
    }
    if (size > most) {
      c.header('Connection', 'close')
      throw new ApiError(413, `the body is larger than ${most} bytes`, { code: 'body_too_large' })
    }
    c.req.raw = new Request(c.req.raw, { body: Buffer.concat(chunks) })
    await next()
  }
}
