import { basename } from 'node:path'
import { z } from '@hono/zod-openapi'
import type { ModelFacts } from '../api/types.ts'
import { type App, getRoute, json } from './app-types.ts'
import { settingsOf } from './native-settings.ts'
import { ApiError } from './openai-error.ts'
import { healthSchema, modelListSchema, modelSchema, propsSchema, slotsSchema } from './response-schemas.ts'
import type { Serving } from './serving.ts'

const byName = { params: z.object({ model: z.string() }) }
const modelRoute = { ...getRoute('/v1/models/{model}', 'The model by its name', { 200: json(modelSchema, 'the model') }), request: byName }

/** What can be asked about the server itself. */
export function addInfoRoutes(app: App, serving: Serving): void {
  const { engine, admission, options } = serving
  const model = {
    id: serving.model,
    object: 'model' as const,
    created: serving.created,
    owned_by: 'ouroboros',
    aliases: [...(options.aliases ?? [])],
  }
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
        default_generation_settings: { n_ctx: facts.contextLength, params: settingsOf({ ...options.defaults }, facts.endTokens) },
      },
      200,
    )
  })
  app.openapi(getRoute('/slots', 'What is answered at once', { 200: json(slotsSchema, 'one entry per slot') }), (c) => {
    if (options.slots === false) throw switchedOff('/slots', 'without --no-slots')
    const { sessions, contextLength, draft } = engine.facts
    const slot = (id: number) => ({ id, n_ctx: contextLength, speculative: draft !== null, is_processing: id < admission.processing })
    return c.json(
      Array.from({ length: sessions }, (_, id) => slot(id)),
      200,
    )
  })
  app.get('/metrics', async (c) => {
    if (!options.metrics) throw switchedOff('/metrics', 'with --metrics')
    const { registry } = serving.metrics
    return c.text(await registry.metrics(), 200, {
      'Content-Type': registry.contentType,
      'Process-Start-Time-Unix': String(serving.created),
    })
  })
  for (const path of ['/v1/embeddings', '/embedding', '/v1/rerank', '/infill', '/lora-adapters'])
    app.post(path, () => {
      throw new ApiError(404, `${path} is not served: use /v1/chat/completions or /v1/completions`, { code: 'unsupported_endpoint' })
    })
}

function switchedOff(path: string, how: string): ApiError {
  return new ApiError(501, `${path} is switched off: start the server ${how}`, { code: 'not_supported' })
}

function describe({ description, parameters, bytes, vocabSize }: ModelFacts) {
  return { description, n_params: parameters, size: bytes, n_vocab: vocabSize }
}
