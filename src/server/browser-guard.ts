import type { MiddlewareHandler } from 'hono'
import type { AppEnv } from './app-types.ts'
import { ApiError } from './openai-error.ts'

/**
 * Refuses what pages of other origins send, and names that somebody else's DNS may have pointed here (rebinding).
 * `origins` are welcome; names are looked at only where no key protects the server.
 */
export function browserGuard(origins: readonly string[], checksNames: boolean): MiddlewareHandler<AppEnv> {
  const welcome = origins.map((origin) => hostOf(origin))
  return async (c, next) => {
    const host = c.req.header('host')
    const origin = c.req.header('origin')
    if (origin !== undefined && !origins.includes(origin) && !origins.includes('*') && hostOf(origin) !== host)
      throw refusal(`requests from pages of ${quote(origin)} are refused`, origin)
    if (checksNames && host !== undefined && !isLocal(nameOf(host)) && !welcome.includes(host))
      throw refusal(`${quote(host)} is no name of this machine`, `http://${host}`)
    await next()
  }
}

/** An address, or a name that the public DNS does not give to anybody. */
function isLocal(name: string): boolean {
  return /^[\d.]+$|^\[[\da-f:.%]+\]$/i.test(name) || !name.includes('.') || /\.(localhost|local|internal|home\.arpa)$/i.test(name)
}

/** Name and port of an origin, as `Host` has them; of `null` nothing. */
function hostOf(origin: string): string {
  return /^https?:\/\/([^/]+)$/i.exec(origin)?.[1]?.toLowerCase() ?? ''
}

function nameOf(host: string): string {
  return host.replace(/:\d+$/, '')
}

function refusal(what: string, origin: string): ApiError {
  return new ApiError(403, `${what}: start the server with --cors-origin ${quote(origin)} to allow them`, { code: 'origin_not_allowed' })
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 100))
}
