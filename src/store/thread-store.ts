import { Worker } from 'node:worker_threads'
import type { Phrase } from '../core/phrases/phrase.ts'
import type { PhraseStore } from '../core/phrases/phrase-store.ts'
import { PhraseTable } from '../core/phrases/phrase-table.ts'
import { workerFile } from '../worker-file.ts'
import { decodePhrases, encodePhrases } from './codec.ts'
import type { FromStore, StoreStart, ToStore } from './messages.ts'
import type { Namespace } from './namespace.ts'

type Hear = Parameters<PhraseStore['open']>[1]

/** A flush that takes longer is given up: a disk that hangs must not keep a program from ending. */
const FLUSH_MS = 3000

/** A store on a thread of its own: nothing that a disk or a network does is waited for by whoever decodes. */
export class ThreadStore implements PhraseStore {
  readonly #worker: Worker
  readonly #base: Omit<Namespace, 'tenant'>
  /** By tenant; the number tells what is for an earlier one. */
  readonly #hearers = new Map<string, { number: number; hear: Hear }>()
  readonly #flushes = new Map<number, () => void>()
  #nextFlush = 1
  #nextHearer = 1
  #isGone = false

  constructor(start: StoreStart, base: Omit<Namespace, 'tenant'>, onWarning: (line: string) => void) {
    this.#base = base
    const file = workerFile(start.share === undefined ? 'store/store-worker' : 'store/share-worker')
    this.#worker = new Worker(file, { workerData: start, execArgv: [] })
    this.#worker.unref()
    this.#worker.on('message', (message: FromStore) => {
      if (message.type === 'warning') onWarning(message.line)
      else if (message.type === 'table') this.#hear(message.hearer, new PhraseTable(message.image))
      else if (message.type === 'phrases') this.#hear(message.hearer, decodePhrases(message.bytes))
      else this.#flushes.get(message.id)?.()
    })
    this.#worker.on('error', (error) => onWarning(`phrases are not kept: ${error.message}`))
    this.#worker.on('exit', () => {
      this.#isGone = true
      for (const done of this.#flushes.values()) done()
    })
  }

  open(tenant: string, hear: Hear): void {
    const number = this.#nextHearer++
    this.#hearers.set(tenant, { number, hear })
    this.#send({ type: 'open', namespace: { ...this.#base, tenant }, hearer: number })
  }

  put(tenant: string, phrases: readonly Phrase[]): void {
    const bytes = encodePhrases(phrases)
    this.#send({ type: 'put', tenant, bytes }, [bytes.buffer])
  }

  release(tenant: string): void {
    this.#hearers.delete(tenant)
    this.#send({ type: 'release', tenant })
  }

  forget(tenant: string): void {
    this.#send({ type: 'forget', tenant })
  }

  async flush(): Promise<void> {
    if (this.#isGone) return
    const id = this.#nextFlush++
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>((resolve) => {
      this.#flushes.set(id, resolve)
      timer = setTimeout(resolve, FLUSH_MS)
      this.#send({ type: 'flush', id })
    })
    clearTimeout(timer)
    this.#flushes.delete(id)
  }

  async close(): Promise<void> {
    await this.flush()
    this.#send({ type: 'close' })
  }

  /** What a tenant that was released is told, or what it was told before, is dropped. */
  #hear(number: number, news: Parameters<Hear>[0]): void {
    for (const hearer of this.#hearers.values()) if (hearer.number === number) hearer.hear(news)
  }

  #send(message: ToStore, transfer: ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer)
  }
}
