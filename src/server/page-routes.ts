import { existsSync, readFileSync } from 'node:fs'
import { secureHeaders } from 'hono/secure-headers'
import type { App } from './app-types.ts'
import { ApiError } from './openai-error.ts'

/** The playground as the build made it; seen from this file's source and from its compiled form alike. */
const FOLDER = new URL('../../dist/server/playground/', import.meta.url)

/** Path → file and its type. They hold nothing secret: the page asks for the key itself. */
const FILES: Readonly<Record<string, { file: string; type: string }>> = {
  '/': { file: 'index.html', type: 'text/html; charset=utf-8' },
  '/app.js': { file: 'app.js', type: 'text/javascript; charset=utf-8' },
  '/app.css': { file: 'app.css', type: 'text/css; charset=utf-8' },
  '/icon.svg': { file: 'icon.svg', type: 'image/svg+xml' },
}

export const PAGE_PATHS: readonly string[] = Object.keys(FILES)

/** Everything comes from this server, nothing is inline: text of a model cannot run, and nothing is sent elsewhere. */
const NOTHING_ELSE = {
  defaultSrc: ["'none'"],
  scriptSrc: ["'self'"],
  styleSrc: ["'self'"],
  imgSrc: ["'self'"],
  connectSrc: ["'self'"],
  baseUri: ["'none'"],
  formAction: ["'none'"],
  frameAncestors: ["'none'"],
  requireTrustedTypesFor: ["'script'"],
}

/** Headers for browsers, on every response. */
export const browserHeaders = () =>
  secureHeaders({
    contentSecurityPolicy: NOTHING_ELSE,
    xFrameOptions: 'DENY',
    strictTransportSecurity: false, // whoever puts TLS in front of it says so there
    originAgentCluster: false,
    xXssProtection: false,
  })

/** Serves the playground's page. */
export function addPageRoutes(app: App): void {
  for (const [path, { file, type }] of Object.entries(FILES)) {
    app.get(path, (c) => {
      const url = new URL(file, FOLDER)
      if (!existsSync(url)) throw new ApiError(404, 'the page is not built: run node scripts/build.mjs', { code: 'page_not_built' })
      return c.body(readFileSync(url), 200, { 'Content-Type': type, 'Cache-Control': 'no-cache' })
    })
  }
}
