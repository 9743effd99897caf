import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { testApp } from './harness.ts'
import { arbitraryOf, type JsonSchema } from './schema-arbitrary.ts'

interface Operation {
  requestBody?: { content: { 'application/json': { schema: JsonSchema } } }
  parameters?: { name: string; in: string; schema: JsonSchema }[]
  responses: Record<string, object>
}
interface Document {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, JsonSchema> }
}

const { app } = testApp({ sessions: 8 })
const document = (await (await app.request('/openapi.json')).json()) as Document
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
)

/** Sends it; the status, after the whole body has been read. */
async function send(path: string, method: string, operation: Operation, body: string | undefined): Promise<number> {
  const response = await app.request(path, { method, ...(body !== undefined && { body, headers: { 'Content-Type': 'application/json' } }) })
  const text = await response.text()
  expect(Object.keys(operation.responses)).toContain(String(response.status))
  if (response.status >= 400) expect(JSON.parse(text)).toMatchObject({ error: { message: expect.any(String), type: expect.any(String) } })
  return response.status
}

describe('the API, driven by its own description', () => {
  it('has a schema for every body and response', () => {
    expect(operations.length).toBeGreaterThanOrEqual(8)
    for (const { method, operation } of operations) if (method === 'POST') expect(operation.requestBody).toBeDefined()
  })

  for (const { path, method, operation } of operations) {
    const schema = operation.requestBody?.content['application/json'].schema
    const parameter = fc.webPath({ size: 'small' }).map((text) => encodeURIComponent(text.slice(0, 50)) || 'x')
    const url = parameter.map((text) => path.replace(/\{\w+\}/g, text))

    it(`${method} ${path}: bodies that the schema allows are answered`, async () => {
      const body = schema
        ? arbitraryOf(schema, document.components.schemas).map((value) => JSON.stringify({ ...(value as object), model: undefined }))
        : fc.constant(undefined)
      const seen = new Map<number, number>()
      await fc.assert(
        fc.asyncProperty(url, body, async (at, text) => {
          const status = await send(at, method, operation, text)
          seen.set(status, (seen.get(status) ?? 0) + 1)
          expect(status).toBeLessThan(500)
        }),
        { numRuns: schema ? 300 : 30 },
      )
      expect((seen.get(200) ?? 0) + (seen.get(204) ?? 0)).toBeGreaterThan(path.includes('{') ? -1 : 10)
    })

    if (schema)
      it(`${method} ${path}: broken bodies are refused, never a 5xx`, async () => {
        const broken = fc.oneof(
          fc.json(),
          fc.string(),
          fc.tuple(arbitraryOf(schema, document.components.schemas), fc.string(), fc.jsonValue()).map(([value, key, other]) => {
            const keys = Object.keys(value as object)
            return JSON.stringify({ ...(value as object), [keys[key.length % Math.max(1, keys.length)] ?? key]: other })
          }),
          arbitraryOf(schema, document.components.schemas).map((value) => JSON.stringify(value).slice(0, -2)),
        )
        await fc.assert(
          fc.asyncProperty(broken, async (text) => {
            expect(await send(path, method, operation, text)).toBeLessThan(500)
          }),
          { numRuns: 300 },
        )
      })
  }
})
