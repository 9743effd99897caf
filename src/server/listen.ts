import type { Server } from 'node:http'
import { type AddressInfo, createServer, type Server as NetServer } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import type { Engine } from '../api/types.ts'
import { OuroborosError } from '../core/errors.ts'
import { createApp } from './app.ts'
import type { ServerOptions } from './options.ts'
import { Serving } from './serving.ts'

export interface ListenOptions extends ServerOptions {
  /** Default 127.0.0.1. Another address needs a key, or `open`. */
  readonly host?: string
  /** Default 8080; 0 = any free one. */
  readonly port?: number
}

/** A server that listens. */
export interface Listening {
  /** http://host:port */
  readonly url: string
  readonly port: number
  /** Takes no new requests, waits for what runs, cuts it after so many milliseconds. Idempotent; the engine stays loaded. */
  stop(deadlineMs?: number): Promise<void>
}

const LOOPBACK: readonly string[] = ['127.0.0.1', '::1', 'localhost']
/** Connections that send nothing are closed after a while; headers must come at once. */
const TIMES = { headersTimeout: 20_000, requestTimeout: 120_000, keepAliveTimeout: 15_000 }
const STOP_MS = 10_000
/** What was cut still gets its last events. */
const CUT_MS = 2_000
/** Connections without a request are closed so long after the last answer. */
const QUIET_MS = 200

/** Throws E_USAGE where this address cannot be listened on: known before models are loaded. */
export async function checkAddress({ host = '127.0.0.1', port = 8080, apiKeys, open = false }: ListenOptions): Promise<void> {
  if (!LOOPBACK.includes(host) && !apiKeys?.length && !open) {
    throw new OuroborosError(
      'E_USAGE',
      `${host} can be reached by others: give an API key (--api-key, --api-key-file), or --open to let everybody in`,
    )
  }
  const trial = createServer()
  await bind(trial, host, port)
  await new Promise((resolve) => trial.close(resolve))
}

/** Serves an engine over HTTP. Throws E_USAGE where that would be open to the world by mistake, or the port is taken. */
export async function listen(engine: Engine, options: ListenOptions = {}): Promise<Listening> {
  const { host = '127.0.0.1', port = 8080 } = options
  await checkAddress(options)
  const serving = new Serving(engine, options)
  const server = createAdaptorServer({ fetch: createApp(serving).fetch, serverOptions: TIMES }) as Server
  await bind(server, host, port)
  const address = server.address() as AddressInfo
  let stopping: Promise<void> | undefined
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`,
    port: address.port,
    stop: (deadlineMs = STOP_MS) => {
      stopping ??= stop(server, serving, deadlineMs)
      return stopping
    },
  }
}

function bind(server: NetServer, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(new OuroborosError('E_USAGE', `cannot listen on ${host}:${port}: ${cause.code ?? cause.message}`, { cause })),
    )
    server.listen(port, host, resolve)
  })
}

async function stop(server: Server, serving: Serving, deadlineMs: number): Promise<void> {
  serving.isStopping = true
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  let quiet = 0
  const idle = setInterval(() => {
    server.closeIdleConnections()
    const { processing, deferred } = serving.admission
    quiet = serving.requests + processing + deferred > 0 ? 0 : quiet + 50
    if (quiet >= QUIET_MS) server.closeAllConnections()
  }, 50)
  const cut = setTimeout(() => serving.cut.abort(), deadlineMs)
  const drop = setTimeout(() => server.closeAllConnections(), deadlineMs + CUT_MS)
  await closed
  clearInterval(idle)
  clearTimeout(cut)
  clearTimeout(drop)
}
