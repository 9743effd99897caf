/** Names the stream for a reader of server-sent events; proxies must not hold it back. */
const HEADERS = { 'Content-Type': 'text/event-stream; charset=utf-8', 'Cache-Control': 'no-cache', 'X-Accel-Buffering': 'no' }

interface StreamOptions {
  /** Longest time that a client may leave a chunk unread, in milliseconds. */
  readonly writeMs: number
  /** Called however the stream ends. */
  readonly onEnd: () => void
}

/** Server-sent events, one per object, then `[DONE]`, as OpenAI's completions have them. */
export function eventStream(events: AsyncGenerator<object>, options: StreamOptions): Response {
  return stream(events, (value) => `data: ${value === undefined ? '[DONE]' : JSON.stringify(value)}\n\n`, options)
}

/** Server-sent events, one per object, as llama.cpp's own completion has them. */
export function plainEventStream(events: AsyncGenerator<object>, options: StreamOptions): Response {
  return stream(events, (value) => (value ? `data: ${JSON.stringify(value)}\n\n` : ''), options)
}

/** Server-sent events with their type as their name. */
export function namedEventStream(events: AsyncGenerator<{ readonly type: string }>, options: StreamOptions): Response {
  return stream(events, (value) => (value ? `event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n` : ''), options)
}

/** The next event is asked for when the client has room; `writeMs` after it stops reading the stream is broken off. */
function stream<T>(events: AsyncGenerator<T>, written: (value: T | undefined) => string, { writeMs, onEnd }: StreamOptions): Response {
  const encoder = new TextEncoder()
  let timer: NodeJS.Timeout | undefined
  const end = () => {
    clearTimeout(timer)
    onEnd()
  }
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      clearTimeout(timer)
      const { value, done } = await events.next()
      const text = written(done ? undefined : value)
      if (text !== '') controller.enqueue(encoder.encode(text))
      if (done) {
        controller.close()
        end()
        return
      }
      timer = setTimeout(() => {
        controller.error(new Error('the client does not read'))
        end()
      }, writeMs)
    },
    async cancel() {
      end()
      // What was given up still counts.
      while (!(await events.next()).done);
    },
  })
  return new Response(body, { headers: HEADERS })
}
