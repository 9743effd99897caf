import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import type { Phrase } from '../core/phrases/phrase.ts'
import { decodePhrases, encodePhrases } from './codec.ts'
import type { StoreStart } from './messages.ts'
import type { Namespace } from './namespace.ts'
import { PhraseSums } from './phrase-sums.ts'

type Settings = Pick<StoreStart, 'most' | 'days' | 'vocabSize'>

/** A message of the stream: who wrote it, its number among the writer's, phrases. */
interface Message {
  readonly id: string
  readonly writer: string
  readonly number: number
  readonly bytes: Uint8Array
}

/** Phrases per message, and messages per reply. */
const PHRASES = 1024
const MESSAGES = 64
/** When the stream has so many messages, the older half goes into the snapshot; at twice as many Redis drops the oldest. */
const LONG_STREAM = 512

/**
 * One namespace's phrases in Redis: a stream of what was learned, and a snapshot of what was in the stream earlier. Counters add up, so the order
 * does not matter. `sync` throws what the client throws, and goes on where it was at the next call.
 */
export class SharedPhrases {
  readonly #redis: Redis
  readonly #settings: Settings
  readonly #hear: (bytes: Uint8Array<ArrayBuffer>) => void
  readonly #stream: string
  readonly #snapshot: string
  readonly #writer = randomUUID()
  readonly #unsent: PhraseSums
  /** On its way to Redis; sent again with the same number until Redis has said that it has it. */
  #sending: { number: number; bytes: Uint8Array } | undefined
  #nextNumber = 1
  /** Id of the last message read; undefined: the snapshot comes first. */
  #last: string | undefined
  #numbers = new Map<string, number>()
  #isForgotten = false

  constructor(redis: Redis, { vocabulary, tenant, corpus }: Namespace, settings: Settings, hear: (bytes: Uint8Array<ArrayBuffer>) => void) {
    const name = `ouroboros:1:${vocabulary}:${tenant}:${corpus}`
    this.#redis = redis
    this.#settings = settings
    this.#hear = hear
    this.#stream = `${name}:stream`
    this.#snapshot = `${name}:snapshot`
    this.#unsent = new PhraseSums(settings.most)
  }

  put(phrases: Iterable<Phrase>): void {
    this.#unsent.add(phrases)
  }

  forget(): void {
    this.#unsent.clear()
    this.#sending = undefined
    this.#isForgotten = true
  }

  /** Says what is new here, and hears what is new there. */
  async sync(): Promise<void> {
    if (this.#isForgotten) await this.#redis.del(this.#stream, this.#snapshot)
    this.#isForgotten = false
    if (this.#last === undefined) await this.#load()
    if (await this.#publish()) await this.#shorten()
    await this.#read()
  }

  async #load(): Promise<void> {
    const { id, phrases } = await this.#redis.hgetallBuffer(this.#snapshot)
    if (phrases) this.#tell([...this.#valid(phrases)])
    this.#last = id?.toString() ?? '0-0'
  }

  async #publish(): Promise<boolean> {
    let isAny = false
    while (this.#sending || this.#unsent.size > 0) {
      this.#sending ??= { number: this.#nextNumber++, bytes: encodePhrases(this.#unsent.take(PHRASES)) }
      const { number, bytes } = this.#sending
      const fields = ['writer', this.#writer, 'number', number, 'phrases', Buffer.from(bytes)]
      await this.#redis.xadd(this.#stream, 'MAXLEN', '~', 2 * LONG_STREAM, '*', ...fields)
      this.#sending = undefined
      isAny = true
    }
    const seconds = Math.ceil(this.#settings.days * 86_400)
    if (isAny) await Promise.all([this.#stream, this.#snapshot].map((key) => this.#redis.expire(key, seconds)))
    return isAny
  }

  async #read(): Promise<void> {
    for (;;) {
      const reply = await this.#redis.xreadBuffer('COUNT', MESSAGES, 'STREAMS', this.#stream, this.#last as string)
      const messages = messagesOf(reply?.[0]?.[1] ?? [])
      this.#tell(messages.flatMap((message) => (message.writer === this.#writer ? [] : this.#newIn(message, this.#numbers))))
      this.#last = messages.at(-1)?.id ?? this.#last
      if (messages.length < MESSAGES) return
    }
  }

  /** Puts the older half of a long stream into the snapshot; does nothing where another replica does so at this moment. */
  async #shorten(): Promise<void> {
    if ((await this.#redis.xlen(this.#stream)) < LONG_STREAM) return
    await this.#redis.watch(this.#snapshot)
    const { phrases } = await this.#redis.hgetallBuffer(this.#snapshot)
    const messages = messagesOf(await this.#redis.xrangeBuffer(this.#stream, '-', '+', 'COUNT', LONG_STREAM / 2))
    const sums = new PhraseSums(this.#settings.most)
    if (phrases) sums.add(this.#valid(phrases))
    const numbers = new Map<string, number>()
    for (const message of messages) sums.add(this.#newIn(message, numbers))
    const last = messages.at(-1)?.id ?? '0-0'
    const [time, place] = last.split('-')
    const all = Buffer.from(encodePhrases(sums.take(sums.size)))
    const change = this.#redis.multi().hset(this.#snapshot, 'id', last, 'phrases', all)
    await change.xtrim(this.#stream, 'MINID', `${time}-${Number(place) + 1}`).exec()
  }

  /** The message's phrases, unless it was sent twice. */
  #newIn({ writer, number, bytes }: Message, numbers: Map<string, number>): Phrase[] {
    if (number <= (numbers.get(writer) ?? 0)) return []
    numbers.set(writer, number)
    return [...this.#valid(bytes)]
  }

  /** What this vocabulary can have written; whoever may write to Redis cannot harm a replica. */
  *#valid(bytes: Uint8Array): Generator<Phrase> {
    const isToken = (token: number) => token < this.#settings.vocabSize
    try {
      for (const phrase of decodePhrases(bytes)) {
        const { key, tokens, seen, tries, hits } = phrase
        if (key.every(isToken) && tokens.every(isToken) && Math.max(seen, tries, hits) <= 0xffff) yield phrase
      }
    } catch {
      // what is left of these bytes is no phrases
    }
  }

  #tell(phrases: readonly Phrase[]): void {
    if (phrases.length > 0) this.#hear(encodePhrases(phrases))
  }
}

function messagesOf(entries: readonly [id: Buffer, fields: Buffer[]][]): Message[] {
  return entries.flatMap(([id, [, writer, , number, , bytes]]) => {
    if (!writer || !number || !bytes) return []
    return [{ id: id.toString(), writer: writer.toString(), number: Number(number.toString()), bytes }]
  })
}
