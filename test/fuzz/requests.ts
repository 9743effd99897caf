import fc from 'fast-check'
import { arbitraryOf, type JsonSchema } from '../server/schema-arbitrary.ts'
import { type Area, area, LONGEST_MS } from './area.ts'

interface Operation {
  requestBody?: { content: { 'application/json': { schema: JsonSchema } } }
}
interface Description {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, JsonSchema> }
}
interface Case {
  readonly method: string
  readonly path: string
  readonly body: string | undefined
  readonly type: string
}

/** A server that is asked. */
export interface Asked {
  readonly url: string
  /** Tokens that a request asks for, where it does not insist. */
  readonly tokens: number
  memory?(): number
  close?(): Promise<void>
}

const ODD: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  -1e308,
  2 ** 53,
  2 ** 63,
  1e-320,
  '',
  'x',
  '\ud800',
  '😀',
  '\0',
  [],
  {},
  [[]],
  [null],
  { a: { b: [] } },
  'x'.repeat(5000),
  Array(300).fill(0),
  '{"a"',
]
/** Numbers that JavaScript does not write. */
const RAW = ['1e400', '-1e400', '123456789012345678901234567890', '0.1e-999', '-0']
const FIELDS = [
  'grammar',
  'json_schema',
  'stop',
  'logit_bias',
  'tools',
  'messages',
  'prompt',
  'content',
  'tokens',
  'speculative',
  'n',
  'seed',
  'temperature',
  'stream',
  'model',
  'max_tokens',
  'response_format',
  'chat_template_kwargs',
  'input',
  'system',
  'unknown',
  '__proto__',
  'constructor',
  'logprobs',
  'prediction',
]

const NESTS = [
  ['[', ']'],
  ['{"a":', '}'],
  ['{"type":"object","properties":{"a":', '}}'],
] as const

/** Replaces something deep inside. */
function changed(value: unknown, where: readonly number[], other: unknown): unknown {
  const [at = 0, ...rest] = where
  if (typeof value !== 'object' || value === null || where.length === 0) return other
  const keys = Object.keys(value)
  const key = keys[at % Math.max(1, keys.length)]
  if (key === undefined) return other
  const copy = Array.isArray(value) ? [...value] : { ...value }
  ;(copy as Record<string, unknown>)[key] = changed((value as Record<string, unknown>)[key], rest, other)
  return copy
}

const path = fc.constantFrom(
  '/',
  '/v1',
  '/v1/chat/completions/',
  '/chat/completions',
  '/V1/models',
  '/v1/models/%ff',
  '/v1/models/%00',
  '/../../etc/passwd',
  '/v1/embeddings',
  '/health/',
  '//',
  '/v1/completions?x=1',
  '/metrics',
  '/v1/models/a%2Fb',
  '/props',
  '/slots',
  '/%',
  `/${'x'.repeat(3000)}`,
)

/** Requests over HTTP: any body at any route is answered or refused, in time. */
export async function requests(name: string, { url, tokens, memory, close }: Asked): Promise<Area> {
  const description = (await (await fetch(`${url}/openapi.json`)).json()) as Description
  const { schemas } = description.components
  const operations = Object.entries(description.paths).flatMap(([at, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      at: at.replace(/\{\w+\}/, 'big'),
      method: method.toUpperCase(),
      schema: operation.requestBody?.content['application/json'].schema,
    })),
  )
  const brief = (value: unknown) => ({ max_tokens: tokens, ...(value as object), model: undefined })
  const limits = new Set(['max_tokens', 'max_completion_tokens', 'n_predict', 'max_output_tokens', 'n'])
  const legal = (at: string, schema: JsonSchema) =>
    arbitraryOf(schema, schemas).map((value) => {
      const kept = Object.fromEntries(Object.entries(value as object).filter(([key]) => !limits.has(key)))
      return at.includes('tokenize')
        ? kept
        : at.endsWith('responses')
          ? { ...kept, model: undefined, max_output_tokens: tokens }
          : brief(kept)
    })
  const bodyOf = (at: string, schema: JsonSchema): fc.Arbitrary<string> => {
    const one = legal(at, schema)
    return fc.oneof(
      { weight: 3, arbitrary: one.map((value) => JSON.stringify(value)) },
      {
        weight: 6,
        arbitrary: fc
          .tuple(
            one,
            fc.array(fc.nat({ max: 20 }), { minLength: 1, maxLength: 4 }),
            fc.oneof(fc.constantFrom(...ODD), fc.jsonValue({ maxDepth: 2 })),
          )
          .map(([value, where, other]) => JSON.stringify(changed(value, where, other))),
      },
      {
        weight: 3,
        arbitrary: fc
          .tuple(one, fc.constantFrom(...FIELDS), fc.constantFrom(...ODD))
          .map(([value, key, other]) => JSON.stringify({ ...value, [key]: other })),
      },
      {
        weight: 1,
        arbitrary: fc
          .tuple(one, fc.constantFrom(...FIELDS), fc.constantFrom(...RAW))
          .map(([value, key, raw]) => JSON.stringify({ ...value, [key]: '@' }).replace('"@"', raw)),
      },
      {
        weight: 1,
        arbitrary: fc
          .tuple(one, fc.constantFrom(...FIELDS, 'parameters'), fc.constantFrom(10, 200, 3000, 30_000), fc.constantFrom(...NESTS))
          .map(([value, key, depth, [begin, end]]) => {
            const deep = `${begin.repeat(depth)}${begin === '[' ? '' : '{}'}${end.repeat(depth)}`
            const tools = [{ type: 'function', function: { name: 'a', parameters: '@' } }]
            const body = key === 'parameters' ? { ...value, tools, tool_choice: 'required' } : { ...value, [key]: '@' }
            return JSON.stringify(body).replace('"@"', deep)
          }),
      },
      { weight: 1, arbitrary: fc.tuple(one, fc.nat()).map(([value, end]) => JSON.stringify(value).slice(0, end % 200)) },
      {
        weight: 1,
        arbitrary: fc.oneof(fc.json(), fc.string({ unit: 'binary' }), fc.constantFrom('', '\uFEFF{}', 'null', '[]', '"x"', '0')),
      },
    )
  }
  const posts = operations.flatMap(({ at, method, schema }) => (schema ? [{ at, method, body: bodyOf(at, schema) }] : []))
  const gets = operations.filter(({ schema }) => !schema)
  const type = fc.oneof(
    { weight: 30, arbitrary: fc.constant('application/json') },
    { weight: 1, arbitrary: fc.constantFrom('text/plain', 'application/json; charset=utf-16', 'multipart/form-data', '') },
  )
  const cases: fc.Arbitrary<Case> = fc.oneof(
    {
      weight: 20,
      arbitrary: fc
        .constantFrom(...posts)
        .chain(({ at, method, body }) => fc.record({ method: fc.constant(method), path: fc.constant(at), body, type })),
    },
    { weight: 1, arbitrary: fc.constantFrom(...gets).map(({ at, method }) => ({ method, path: at, body: undefined, type: '' })) },
    {
      weight: 1,
      arbitrary: fc.record({
        method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS'),
        path,
        body: fc.constant(undefined),
        type: fc.constant(''),
      }),
    },
  )
  return area<Case>({
    name,
    cases,
    ...(memory && { memory }),
    ...(close && { close }),
    async check({ method, path, body, type }) {
      const response = await fetch(`${url}${path}`, {
        method,
        ...(body !== undefined && { body }),
        headers: type ? { 'Content-Type': type } : {},
        signal: AbortSignal.timeout(LONGEST_MS),
      }).catch(async (error) => {
        if ((error as Error).name !== 'TimeoutError') throw error
        await checkAlive(url)
        return undefined
      })
      if (!response) return 'given up by the client'
      const text = await response.text()
      if (response.status >= 500) throw new Error(`${response.status} ${text.slice(0, 300)}`)
      if (method === 'HEAD' || method === 'OPTIONS') return String(response.status)
      if (response.status >= 400) checkRefusal(text)
      else if (response.headers.get('content-type')?.startsWith('text/event-stream')) checkStream(text)
      return String(response.status)
    },
  })
}

/** The models' thread answers a word: nothing holds it. */
async function checkAlive(url: string): Promise<void> {
  const response = await fetch(`${url}/tokenize`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: '{"content": "a"}',
    signal: AbortSignal.timeout(LONGEST_MS),
  })
  if (response.status !== 200) throw new Error(`/tokenize: ${response.status}`)
}

function checkRefusal(text: string): void {
  const { error } = JSON.parse(text) as { error?: { message?: unknown; type?: unknown } }
  if (typeof error?.message !== 'string' || typeof error.type !== 'string') throw new Error(`no refusal: ${text.slice(0, 300)}`)
}

function checkStream(text: string): void {
  const data = text.split('\n').filter((line) => line.startsWith('data: '))
  if (data.length === 0) throw new Error('a stream without events')
  for (const line of data) if (line !== 'data: [DONE]') JSON.parse(line.slice(6))
  if (/"type":"server_error"|internal_error/.test(text)) throw new Error(`a failure inside a stream: ${data.at(-1)?.slice(0, 300)}`)
}
