import { SourceFailure } from './source.ts'

const MOST_REDIRECTS = 5

export interface HubOptions {
  /** Address of the hub. */
  readonly hub: string
  /** For an answer to begin, in milliseconds. */
  readonly timeoutMs: number
  /** For private and gated repositories; sent to the hub alone, not to the storage that it redirects to. */
  readonly token?: string | undefined
}

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

/** Asks for the file at `address` from byte `start` on. */
export async function requestFile(address: string, start: number, options: HubOptions, signal: AbortSignal): Promise<HubAnswer> {
  let sha256: string | undefined
  const range = start > 0 ? { range: `bytes=${start}-` } : {}
  const response = await getFromHub(address, options, signal, range, (hop) => {
    // The hub itself knows the checksum; the storage that it redirects to does not.
    sha256 ??= checksum(hop.headers)
  })
  return answer(response, start, sha256, options)
}

/** The answer behind all redirections (a renamed repository, the storage); `onHop` sees each answer. */
export async function getFromHub(
  address: string,
  options: HubOptions,
  signal: AbortSignal,
  headers: Readonly<Record<string, string>> = {},
  onHop: (hop: Response) => void = () => {},
): Promise<Response> {
  let url = address
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
    const response = await begin(url, options, signal, headers)
    onHop(response)
    const location = response.headers.get('location')
    if (response.status < 300 || response.status >= 400 || !location) return response
    await response.body?.cancel()
    url = new URL(location, url).href
  }
  throw new SourceFailure(`more than ${MOST_REDIRECTS} redirections`)
}

async function begin(
  url: string,
  { hub, timeoutMs, token }: HubOptions,
  signal: AbortSignal,
  more: Readonly<Record<string, string>>,
): Promise<Response> {
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(new Error(`no answer within ${timeoutMs / 1000} seconds`)), timeoutMs)
  const own = token !== undefined && new URL(url).origin === new URL(hub).origin
  const headers = {
    'accept-encoding': 'identity',
    'user-agent': 'ouroboros-llm',
    ...(own && { authorization: `Bearer ${token}` }),
    ...more,
  }
  try {
    return await fetch(url, { headers, redirect: 'manual', signal: AbortSignal.any([signal, late.signal]) })
  } finally {
    clearTimeout(timer)
  }
}

async function answer(response: Response, asked: number, sha256: string | undefined, options: HubOptions): Promise<HubAnswer> {
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
  throw new SourceFailure(meaning(status, options))
}

/** What a refusal by the hub means, and what to do. */
export function meaning(status: number, { token }: HubOptions): string {
  if (status === 404) return 'no such file there'
  if (status === 401 || status === 403) {
    const what = 'no such repository, or a private or gated one, whose terms you accept on its page'
    return `answered ${status}: ${what}; ${token === undefined ? 'set HF_TOKEN to a token of yours' : 'the token in HF_TOKEN does not open it'}`
  }
  return `answered ${status}`
}

/** Only files in large-file storage have it: 64 hexadecimal digits. */
function checksum(headers: Headers): string | undefined {
  return /^"?([0-9a-f]{64})"?$/.exec(headers.get('x-linked-etag') ?? '')?.[1]
}

async function* nothing(): AsyncIterable<Uint8Array> {}
