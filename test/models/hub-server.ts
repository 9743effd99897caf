import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface HubServer extends AsyncDisposable {
  address: string
  /** Range headers received, one a request for the file's bytes. */
  ranges: (string | undefined)[]
  /** Lists of files asked for, by address. */
  lists: string[]
}

export interface HubBehavior {
  /** Ends the connection after so many bytes of an answer; the number of answers cut. */
  cut?: { after: number; times: number }
  /** Told in `x-linked-etag` by the hub, before it redirects. */
  sha256?: string
  ignoreRange?: boolean
  status?: number
  /** Milliseconds before each chunk of 16 kB. */
  delay?: number
  silent?: boolean
  /** Files in its list; without it there are no lists. */
  list?: readonly unknown[]
  /** Entries of a page of the list. */
  page?: number
  /** What the repository was called before; its addresses lead to the new ones. */
  renamed?: { from: string; to: string }
  /** Without it as bearer, 401; the storage refuses requests that carry one. */
  token?: string
}

/** A model hub on loopback with one file for every address, or by address: redirects once, then sends it, ranges included. */
export async function startHub(files: Buffer | ((url: string) => Buffer | undefined), behavior: HubBehavior = {}): Promise<HubServer> {
  const ranges: (string | undefined)[] = []
  const lists: string[] = []
  let cuts = behavior.cut?.times ?? 0
  const server = createServer((request, response) => {
    if (behavior.silent) return
    if (behavior.status) return void response.writeHead(behavior.status).end('no')
    const url = request.url ?? ''
    const { authorization } = request.headers
    if (
      behavior.token !== undefined &&
      (url.startsWith('/storage') ? authorization !== undefined : authorization !== `Bearer ${behavior.token}`)
    )
      return void response.writeHead(url.startsWith('/storage') ? 400 : 401).end('no')
    if (behavior.renamed && url.includes(behavior.renamed.from))
      return void response.writeHead(307, { location: url.replace(behavior.renamed.from, behavior.renamed.to) }).end()
    if (url.startsWith('/api/')) return sendList(url, response)
    const content = typeof files === 'function' ? files(url) : files
    if (!content) return void response.writeHead(404).end('no')
    if (!url.startsWith('/storage')) {
      const linked = behavior.sha256 ? { 'x-linked-etag': `"${behavior.sha256}"` } : {}
      // The storage is another origin, as a hub's is.
      const storage = behavior.token === undefined ? '' : `http://localhost:${(server.address() as AddressInfo).port}`
      return void response.writeHead(302, { location: `${storage}/storage${url}`, ...linked }).end()
    }
    ranges.push(request.headers.range)
    void send(content, request, response)
  })
  const sendList = (url: string, response: ServerResponse): void => {
    const { list, page = list?.length ?? 0 } = behavior
    if (!list) return void response.writeHead(404).end('no')
    lists.push(url)
    const from = Number(/cursor=(\d+)/.exec(url)?.[1] ?? 0)
    const path = url.replace(/\?.*$/, '')
    const link = from + page < list.length ? { link: `<${path}?cursor=${from + page}>; rel="next"` } : {}
    response.writeHead(200, { 'content-type': 'application/json', ...link }).end(JSON.stringify(list.slice(from, from + page)))
  }
  const send = async (content: Buffer, request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const asked = behavior.ignoreRange ? undefined : /^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1]
    const start = Number(asked ?? 0)
    if (start >= content.length) return void response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end()
    const rest = content.subarray(start)
    const range = asked === undefined ? {} : { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` }
    response.writeHead(asked === undefined ? 200 : 206, { 'content-length': rest.length, ...range })
    const cutting = cuts > 0
    const most = cutting ? Math.min(behavior.cut?.after ?? 0, rest.length) : rest.length
    if (cutting) cuts--
    for (let at = 0; at < most; at += 16_384) {
      if (behavior.delay) await new Promise((resolve) => setTimeout(resolve, behavior.delay))
      response.write(rest.subarray(at, Math.min(at + 16_384, most)))
    }
    if (cutting) setTimeout(() => response.destroy(), 50)
    else response.end()
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ranges,
    lists,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
