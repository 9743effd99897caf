import { basename } from 'node:path'
import { z } from '@hono/zod-openapi'
import type { ModelFacts } from '../api/types.ts'
import { type App, getRoute, json } from './app-types.ts'
import { ApiError } from './openai-error.ts'
import { healthSchema, modelListSchema, modelSchema, propsSchema } from './response-schemas.ts'
import type { Serving } from './serving.ts'

const byName = { params: z.object({ model: z.string() }) }
const modelRoute = { ...getRoute('/v1/models/{model}', 'The model by its name', { 200: json(modelSchema, 'the model') }), request: byName }

/** What can be asked about the server itself. */
export function addInfoRoutes(app: App, serving: Serving): void {
  const { engine, admission, options } = serving
  const model = { id: serving.model, object: 'model' as const, created: serving.created, owned_by: 'ouroboros' }
  const health = () => ({
    status: serving.isStopping ? ('stopping' as const) : ('ok' as const),
    slots_idle: engine.facts.sessions - admission.processing,
    slots_processing: admission.processing,
  })

  app.openapi(getRoute('/health', 'Whether it answers; needs no key', { 200: json(healthSchema, 'it does') }), (c) => {
    if (serving.isBroken) throw new ApiError(503, 'the engine is gone: restart the server', { code: 'unavailable' })
    return c.json(health(), 200)
  })
  app.openapi(getRoute('/v1/models', 'The model that is served', { 200: json(modelListSchema, 'one model') }), (c) =>
    c.json({ object: 'list' as const, data: [model] }, 200),
  )
  app.openapi(modelRoute, (c) => {
    serving.checkModel(c.req.valid('param').model)
    return c.json(model, 200)
  })
  app.openapi(getRoute('/props', 'What is loaded, and how', { 200: json(propsSchema, 'facts') }), (c) => {
    const { facts } = engine
    return c.json(
      {
        model_alias: serving.model,
        model_path: basename(facts.target.file),
        total_slots: facts.sessions,
        n_ctx: facts.contextLength,
        chat_template_tools: facts.tools,
        library: facts.library,
        kernels: facts.kernels,
        exact: facts.exact,
        devices: [...facts.devices],
        threads: facts.threads,
        target: describe(facts.target),
        draft: facts.draft && describe(facts.draft),
        costs: facts.costs,
        default_generation_settings: { ...options.defaults } as Record<string, never>,
      },
      200,
    )
  })
  if (options.metrics) {
    app.get('/metrics', async (c) =>
      c.text(await serving.metrics.registry.metrics(), 200, { 'Content-Type': serving.metrics.registry.contentType }),
    )
  }
  for (const path of ['/v1/embeddings', '/v1/messages/count_tokens', '/completion'])
    app.post(path, () => {
      throw new ApiError(404, `${path} is not served: use /v1/chat/completions or /v1/completions`, { code: 'unsupported_endpoint' })
    })
}

function describe({ description, parameters, bytes, vocabSize }: ModelFacts) {
  return { description, n_params: parameters, size: bytes, n_vocab: vocabSize }
}
