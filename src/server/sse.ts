/** Names the stream for a reader of server-sent events; proxies must not hold it back. */
const HEADERS = { 'Content-Type': 'text/event-stream; charset=utf-8', 'Cache-Control': 'no-cache', 'X-Accel-Buffering': 'no' }

/**
 * Server-sent events, one per object, then `[DONE]`. The next one is asked for when the client has room; `writeMs` after it
 * stops reading the stream is broken off. `onEnd` is called however it ends.
 */
export function eventStream(events: AsyncGenerator<object>, { writeMs, onEnd }: { writeMs: number; onEnd: () => void }): Response {
  const encoder = new TextEncoder()
  const line = (data: string) => encoder.encode(`data: ${data}\n\n`)
  let timer: NodeJS.Timeout | undefined
  const end = () => {
    clearTimeout(timer)
    onEnd()
  }
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      clearTimeout(timer)
      const { value, done } = await events.next()
      controller.enqueue(line(done ? '[DONE]' : JSON.stringify(value)))
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
