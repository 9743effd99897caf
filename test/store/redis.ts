import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { Redis } from 'ioredis'

const PLACES = ['/usr/bin/redis-server', '/usr/bin/valkey-server', '/usr/local/bin/redis-server', '/opt/homebrew/bin/redis-server']

/** Undefined: skip, and say so. */
export const REDIS_SERVER = PLACES.find((file) => existsSync(file))
if (!REDIS_SERVER) console.log('there is no redis-server: tests of the shared history are skipped (apt-get install redis-server)')

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((done) => server.once('listening', done))
  const { port } = server.address() as { port: number }
  await new Promise((done) => server.close(done))
  return port
}

/** A real Redis in `folder` that survives being killed. */
export class RedisServer {
  readonly #folder: string
  readonly #port: number
  #process: ChildProcess | undefined

  constructor(folder: string, port: number) {
    this.#folder = folder
    this.#port = port
  }

  get address(): string {
    return `redis://:secret@127.0.0.1:${this.#port}`
  }

  async start(): Promise<void> {
    const options = { bind: '127.0.0.1', port: this.#port, dir: this.#folder, appendonly: 'yes', requirepass: 'secret' }
    const words = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])
    this.#process = spawn(REDIS_SERVER as string, words, { stdio: 'ignore' })
    const client = this.client()
    while ((await client.ping().catch(() => '')) !== 'PONG') await wait(50)
    client.disconnect()
  }

  client(): Redis {
    return new Redis(this.address, { retryStrategy: () => 50, maxRetriesPerRequest: null }).on('error', () => {})
  }

  async kill(): Promise<void> {
    const gone = new Promise((done) => this.#process?.once('exit', done))
    this.#process?.kill('SIGKILL')
    await gone
  }
}
