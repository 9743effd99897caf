import { createRoute } from '@hono/zod-openapi'
import type { App } from './app-types.ts'
import type { Serving } from './serving.ts'

/** What requests have taught. */
export function addPhraseRoutes(app: App, { engine }: Serving): void {
  const route = createRoute({
    method: 'delete',
    path: '/phrases',
    summary: 'Forget all phrases that requests have taught',
    responses: { 204: { description: 'forgotten; running answers go on' } },
  })
  app.openapi(route, async (c) => {
    await engine.forgetPhrases()
    return c.body(null, 204)
  })
}
