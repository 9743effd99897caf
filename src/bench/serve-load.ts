import { OuroborosError } from '../core/errors.ts'

/** What is asked of a server. */
export interface LoadPlan {
  readonly prompts: readonly string[]
  /** Requests at once. */
  readonly concurrency: number
  readonly maxTokens: number
  /** False: plain decoding. */
  readonly speculative: boolean
}

/** One streamed answer as its client saw it. Milliseconds. */
export interface ClientAnswer {
  readonly text: string
  readonly tokens: number
  readonly firstMs: number
  /** Between two tokens, after the first text. */
  readonly perTokenMs: number
}

/** All answers, and the seconds from the first request to the last end. */
export interface Load {
  readonly answers: readonly ClientAnswer[]
  readonly seconds: number
}

/** Asks all prompts, so many at once; the next one is asked when one is answered. Throws E_ENGINE where the server refuses. */
export async function runLoad(url: string, plan: LoadPlan, signal: AbortSignal): Promise<Load> {
  const answers: ClientAnswer[] = []
  const waiting = [...plan.prompts.entries()]
  const began = performance.now()
  const client = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) answers[next[0]] = await ask(url, next[1], plan, signal)
  }
  await Promise.all(Array.from({ length: plan.concurrency }, client))
  return { answers, seconds: (performance.now() - began) / 1000 }
}

async function ask(url: string, prompt: string, { maxTokens, speculative }: LoadPlan, signal: AbortSignal): Promise<ClientAnswer> {
  const began = performance.now()
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({
      messages: [{ role: 'user', content: prompt }],
      max_tokens: maxTokens,
      temperature: 0,
      stream: true,
      stream_options: { include_usage: true },
      ...(!speculative && { speculative: false }),
    }),
    signal,
  })
  if (!response.ok || !response.body)
    throw new OuroborosError('E_ENGINE', `the server answered ${response.status}: ${await response.text()}`)
  let [text, tokens, first, last] = ['', 0, 0, 0]
  for await (const chunk of chunks(response.body)) {
    if (chunk.error) throw new OuroborosError('E_ENGINE', `the server failed: ${chunk.error.message}`)
    const added = chunk.choices?.[0]?.delta?.content ?? ''
    if (added !== '') {
      last = performance.now()
      first ||= last
      text += added
    }
    tokens = chunk.usage?.completion_tokens ?? tokens
  }
  return { text, tokens, firstMs: first - began, perTokenMs: tokens > 1 ? (last - first) / (tokens - 1) : Number.NaN }
}

interface Chunk {
  choices?: { delta?: { content?: string } }[]
  usage?: { completion_tokens: number } | null
  error?: { message: string }
}

/** The objects of a stream of server-sent events. */
async function* chunks(body: ReadableStream<Uint8Array>): AsyncGenerator<Chunk> {
  const decoder = new TextDecoder()
  let held = ''
  for await (const bytes of body as unknown as AsyncIterable<Uint8Array>) {
    held += decoder.decode(bytes, { stream: true })
    const events = held.split('\n\n')
    held = events.pop() as string
    for (const event of events) {
      const data = event.replace(/^data: /, '')
      if (data !== '[DONE]') yield JSON.parse(data)
    }
  }
}
