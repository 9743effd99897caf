import { createRoute } from '@hono/zod-openapi'
import type { App } from './app-types.ts'
import type { Serving } from './serving.ts'

/** What requests have taught. */
export function addPhraseRoutes(app: App, serving: Serving): void {
  const route = createRoute({
    method: 'delete',
    path: '/phrases',
    summary: 'Forget the phrases that requests with this key have taught',
    responses: { 204: { description: 'forgotten; running answers go on' } },
  })
  app.openapi(route, async (c) => {
    await serving.engine.forgetPhrases(serving.tenantOf(c.get('client')))
    return c.body(null, 204)
  })
}
