import { signal } from '@preact/signals'
import { createParser } from 'eventsource-parser'
import type { CostCurve } from '../../core/cost-curve.ts'
import type { StepBody, TimingsBody } from '../response-schemas.ts'

/** What `/props` says of the server. */
export interface Props {
  model_alias: string
  model_path: string
  n_ctx: number
  library: string
  exact: boolean
  threads: number
  kernels: { set: string | null; about: string }
  target: { description: string }
  draft: { description: string } | null
  costs: { target: CostCurve; draft: CostCurve | null } | null
}

/** A message of the conversation. */
export interface Message {
  role: 'system' | 'user' | 'assistant'
  content: string
}

/** What arrives of an answer: steps, and at the end how it ended. */
export interface Arrived {
  steps: readonly StepBody[]
  finish?: string
  timings?: TimingsBody
}

/** A failure that the user can read and do something about. */
export class Failure extends Error {
  readonly kind: 'away' | 'key' | 'refused'

  constructor(kind: Failure['kind'], message: string) {
    super(message)
    this.kind = kind
  }
}

/** Kept for this tab alone; never in an address. */
const KEY = 'ouroboros-key'
export const needsKey = signal<false | 'one' | 'another'>(false)
export const props = signal<Props | undefined>(undefined)
/** Undefined: not known yet. A page that was opened as a file has no server. */
export const isThere = signal<boolean | undefined>(location.protocol === 'file:' ? false : undefined)

export function useKey(key: string): void {
  sessionStorage.setItem(KEY, key)
  needsKey.value = false
}

/** One request with the key. Throws Failure. */
export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  const key = sessionStorage.getItem(KEY)
  let response: Response
  try {
    response = await fetch(path, {
      ...init,
      headers: { 'Content-Type': 'application/json', ...(key && { Authorization: `Bearer ${key}` }) },
    })
  } catch (error) {
    if (init.signal?.aborted) throw error
    isThere.value = false
    throw new Failure('away', 'The server does not answer.')
  }
  isThere.value = true
  if (response.ok) return response
  const said = await response.json().then(
    (body) => body?.error?.message,
    () => undefined,
  )
  if (response.status === 401) {
    sessionStorage.removeItem(KEY)
    needsKey.value = key ? 'another' : 'one'
    throw new Failure('key', 'This server wants an API key.')
  }
  throw new Failure('refused', typeof said === 'string' ? said : `The server answered ${response.status}.`)
}

/** Asks the server who it is; whether it is there and lets us in. */
export async function connect(): Promise<boolean> {
  if (location.protocol === 'file:') return false
  try {
    props.value = await (await request('/props')).json()
    return true
  } catch {
    return false
  }
}

/** Streams one answer. Throws Failure, and the signal's reason. */
export async function* chat(body: object, signal: AbortSignal): AsyncGenerator<Arrived> {
  const response = await request('/v1/chat/completions', {
    method: 'POST',
    signal,
    body: JSON.stringify({ ...body, stream: true, steps: 'trace' }),
  })
  const events: string[] = []
  const parser = createParser({ onEvent: ({ data }) => void events.push(data) })
  const decoder = new TextDecoder()
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  try {
    for (;;) {
      const { value, done } = await reader.read().catch((error: unknown) => {
        if (signal.aborted) throw error
        isThere.value = false
        throw new Failure('away', 'The connection to the server broke.')
      })
      if (done) throw new Failure('away', 'The answer broke off before its end.')
      parser.feed(decoder.decode(value, { stream: true }))
      for (const event of events.splice(0)) {
        if (event === '[DONE]') return
        yield arrived(JSON.parse(event))
      }
    }
  } finally {
    await reader.cancel().catch(() => {})
  }
}

function arrived(chunk: {
  error?: { message: string }
  choices?: { steps?: StepBody[]; finish_reason: string | null }[]
  timings?: TimingsBody
}): Arrived {
  if (chunk.error) throw new Failure('refused', chunk.error.message)
  const choice = chunk.choices?.[0]
  return {
    steps: choice?.steps ?? [],
    ...(choice?.finish_reason && { finish: choice.finish_reason }),
    ...(chunk.timings && { timings: chunk.timings }),
  }
}
