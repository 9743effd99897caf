import { SourceFailure } from './source.ts'

const MOST_REDIRECTS = 5

/** The part of a file that a hub is about to send. */
export interface HubAnswer {
  /** Position of the first byte that will be sent; 0 if the hub cannot go on in the middle. */
  start: number
  /** Bytes of the whole file. */
  total: number | undefined
  /** Of the whole file, if the hub tells it. */
  sha256: string | undefined
  body: AsyncIterable<Uint8Array>
}

/** Asks for the file at `address` from byte `start` on. `timeoutMs` is for each answer to begin. */
export async function requestFile(address: string, start: number, timeoutMs: number, signal: AbortSignal): Promise<HubAnswer> {
  let sha256: string | undefined
  let url = address
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
    const response = await begin(url, start, timeoutMs, signal)
    // The hub itself knows the checksum; the storage that it redirects to does not.
    sha256 ??= checksum(response.headers)
    const location = response.headers.get('location')
    if (response.status < 300 || response.status >= 400 || !location) return answer(response, start, sha256)
    await response.body?.cancel()
    url = new URL(location, url).href
  }
  throw new SourceFailure(`more than ${MOST_REDIRECTS} redirections`)
}

async function begin(url: string, start: number, timeoutMs: number, signal: AbortSignal): Promise<Response> {
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(new Error(`no answer within ${timeoutMs / 1000} seconds`)), timeoutMs)
  const headers = { 'accept-encoding': 'identity', 'user-agent': 'ouroboros-llm', ...(start > 0 && { range: `bytes=${start}-` }) }
  try {
    return await fetch(url, { headers, redirect: 'manual', signal: AbortSignal.any([signal, late.signal]) })
  } finally {
    clearTimeout(timer)
  }
}

async function answer(response: Response, asked: number, sha256: string | undefined): Promise<HubAnswer> {
  const { status, headers, body } = response
  const range = /^bytes (?:(\d+)-\d+|\*)\/(\d+)$/.exec(headers.get('content-range') ?? '')
  if (status === 206 && range?.[1] !== undefined && Number(range[1]) === asked && body) {
    return { start: asked, total: Number(range[2]), sha256, body: body as AsyncIterable<Uint8Array> }
  }
  if (status === 200 && body) {
    const length = headers.get('content-length')
    return { start: 0, total: length === null ? undefined : Number(length), sha256, body: body as AsyncIterable<Uint8Array> }
  }
  await body?.cancel()
  if (status === 416 && range) return { start: Math.min(asked, Number(range[2])), total: Number(range[2]), sha256, body: nothing() }
  throw new SourceFailure(meaning(status))
}

function meaning(status: number): string {
  if (status === 404) return 'no such file there'
  if (status === 401 || status === 403) return `answered ${status}: no such repository, or a private or gated one`
  return `answered ${status}`
}

/** Only files in large-file storage have it: 64 hexadecimal digits. */
function checksum(headers: Headers): string | undefined {
  return /^"?([0-9a-f]{64})"?$/.exec(headers.get('x-linked-etag') ?? '')?.[1]
}

async function* nothing(): AsyncIterable<Uint8Array> {}
