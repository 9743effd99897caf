import { parentPort, workerData } from 'node:worker_threads'
import type { Redis } from 'ioredis'
import { decodePhrases } from './codec.ts'
import type { FromStore, StoreStart, ToStore } from './messages.ts'
import { SharedPhrases } from './shared-phrases.ts'

/** Entry of the thread that shares phrases with other replicas through Redis: networks may be slow or gone, and whoever decodes does not notice. */
const port = parentPort
if (!port) throw new Error('this file is a worker thread')
const start = workerData as StoreStart
const send = (message: FromStore, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer)

/** New phrases are written and read this often. */
const SYNC_MS = 250
/** Redis that does not answer for so long counts as gone. */
const ANSWER_MS = 5000
const LONGEST_BACKOFF_MS = 5000

/** By tenant. */
const opened = new Map<string, SharedPhrases>()
/** Released; they have a last round, before the others. */
let leaving: { tenant: string; phrases: SharedPhrases }[] = []
let isWarned = false
const redis = await connect()
let work = Promise.resolve()
const timer = setInterval(sync, SYNC_MS)

port.on('message', async (message: ToStore) => {
  switch (message.type) {
    case 'open': {
      const { namespace, hearer } = message
      const hear = (bytes: Uint8Array<ArrayBuffer>) => send({ type: 'phrases', hearer, bytes }, [bytes.buffer])
      if (redis) opened.set(namespace.tenant, new SharedPhrases(redis, namespace, start, hear))
      break
    }
    case 'put':
      opened.get(message.tenant)?.put(decodePhrases(message.bytes))
      break
    case 'release': {
      const phrases = opened.get(message.tenant)
      if (phrases) leaving.push({ tenant: message.tenant, phrases })
      opened.delete(message.tenant)
      break
    }
    case 'forget':
      leaving = leaving.filter(({ tenant }) => tenant !== message.tenant)
      opened.get(message.tenant)?.forget()
      break
    case 'flush':
      await sync()
      send({ type: 'flushed', id: message.id })
      break
    case 'close':
      clearInterval(timer)
      redis?.disconnect()
      port.close()
  }
})

/** One round at a time, one tenant after the other. */
function sync(): Promise<void> {
  work = work.then(async () => {
    if (redis?.status !== 'ready') return
    try {
      for (const one of [...leaving]) {
        await one.phrases.sync()
        leaving = leaving.filter((other) => other !== one)
      }
      for (const phrases of [...opened.values()]) await phrases.sync()
    } catch (error) {
      warn(error as Error)
    }
  })
  return work
}

async function connect(): Promise<Redis | undefined> {
  try {
    const { Redis } = await import('ioredis')
    const client = new Redis(start.share as string, {
      // Nothing waits for Redis here: what could not be said is said at the next round.
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      commandTimeout: ANSWER_MS,
      retryStrategy: (times) => Math.min(LONGEST_BACKOFF_MS, 50 * 2 ** Math.min(times, 10)),
    })
    client.on('error', warn)
    client.on('ready', () => {
      isWarned = false
    })
    return client
  } catch (error) {
    const { code, message } = error as Error & { code?: string }
    const line = code === 'ERR_MODULE_NOT_FOUND' ? 'npm install ioredis' : message
    send({ type: 'warning', line: `phrases are not shared with other replicas: ${line}` })
    return undefined
  }
}

/** One line until Redis is back. */
function warn(error: Error): void {
  if (!isWarned) send({ type: 'warning', line: `phrases are not shared with other replicas until Redis is back: ${error.message}` })
  isWarned = true
}
