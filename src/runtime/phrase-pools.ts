import type { Phrase } from '../core/phrases/phrase.ts'
import { PhrasePool } from '../core/phrases/phrase-pool.ts'
import type { PhraseStore } from '../core/phrases/phrase-store.ts'
import { PhraseTable } from '../core/phrases/phrase-table.ts'
import type { Token } from '../core/token.ts'
import type { Vocabulary } from '../llama/vocabulary.ts'
import { type HistorySettings, MOST_PHRASES } from '../store/history-settings.ts'
import { DEFAULT_TENANT } from '../store/namespace.ts'
import { ThreadStore } from '../store/thread-store.ts'
import { TenantPhrases } from './tenant-phrases.ts'

export interface PhrasePoolsOptions {
  readonly store: PhraseStore | undefined
  /** The tenant of requests that name none. */
  readonly tenant: string
  /** Texts whose phrases every tenant knows. */
  readonly corpus: readonly (readonly Token[])[]
  /** Phrases that a pool holds at most. */
  readonly most: number
}

/** What was learned is handed to the store this often: no more of it can be lost. */
const WRITE_MS = 500
/** Stored phrases are taken in for so long, then whatever else waits has its turn. */
const SLICE_MS = 4
/** Pools in memory; the one that was used longest ago goes first, the store keeps its phrases. */
const MOST_POOLS = 16

/** The phrase pools of all tenants, filled from the store and written behind to it. */
export class PhrasePools {
  readonly #options: PhrasePoolsOptions
  /** Least recently used first. */
  readonly #tenants = new Map<string, TenantPhrases>()
  /** Stored phrases on their way into pools, a phrase per step. */
  readonly #arrived: Iterator<void>[] = []
  readonly #timer: NodeJS.Timeout | undefined
  #isTaking = false

  constructor(options: PhrasePoolsOptions) {
    this.#options = options
    if (options.store) this.#timer = setInterval(() => this.#write(), WRITE_MS).unref()
    this.of(options.tenant)
  }

  of(tenant: string = this.#options.tenant): TenantPhrases {
    const known = this.#tenants.get(tenant)
    if (known)
      this.#tenants.delete(tenant) // and in again, as the last one
    else this.#makeRoom()
    const phrases = known ?? this.#open(tenant)
    this.#tenants.set(tenant, phrases)
    return phrases
  }

  /** Forgets what a tenant's requests have taught, in the store as well; the corpus is known again. */
  forget(tenant: string = this.#options.tenant): void {
    this.of(tenant) // a store forgets what it has open
    this.#options.store?.forget(tenant)
    this.#options.store?.release(tenant)
    this.#tenants.set(tenant, this.#open(tenant))
  }

  /** Everything learned is in the store afterwards. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#write()
    await this.#options.store?.close()
  }

  #open(tenant: string): TenantPhrases {
    const phrases = this.#fresh()
    const { pool } = phrases
    this.#options.store?.open(tenant, (news) => {
      this.#arrived.push(news instanceof PhraseTable ? pool.adopt(news) : restoreAll(pool, news))
      this.#take()
    })
    return phrases
  }

  #fresh(): TenantPhrases {
    const pool = new PhrasePool({ capacityBytes: this.#options.most * PhrasePool.bytesPerPhrase })
    for (const text of this.#options.corpus) pool.learn(text, 0, text.length, 'corpus')
    pool.changes() // the corpus is no news to the store
    return new TenantPhrases(pool)
  }

  #makeRoom(): void {
    if (this.#tenants.size < MOST_POOLS) return
    this.#write()
    const [oldest] = this.#tenants.keys()
    if (oldest === undefined) return
    this.#tenants.delete(oldest)
    this.#options.store?.release(oldest)
  }

  #write(): void {
    for (const [tenant, { pool }] of this.#options.store ? this.#tenants : []) {
      const changes = pool.changes()
      if (changes.length > 0) this.#options.store?.put(tenant, changes)
    }
  }

  /** Takes in what has arrived, a slice at a time: passes and messages come in between. */
  #take(): void {
    if (this.#isTaking) return
    this.#isTaking = true
    setImmediate(() => {
      this.#isTaking = false
      const end = performance.now() + SLICE_MS
      while (this.#arrived.length > 0 && performance.now() < end) {
        if (this.#arrived[0]?.next().done) this.#arrived.shift()
      }
      if (this.#arrived.length > 0) this.#take()
    })
  }
}

function* restoreAll(pool: PhrasePool, phrases: Iterable<Phrase>): Generator<void> {
  for (const phrase of phrases) {
    pool.restore(phrase)
    yield
  }
}

/** The pools of a loaded model; null: what is learned ends with the process. */
export function openPhrases(
  vocabulary: Vocabulary,
  history: HistorySettings | null,
  corpus: readonly Token[][],
  onWarning: (line: string) => void,
): PhrasePools {
  if (!history) return new PhrasePools({ store: undefined, tenant: DEFAULT_TENANT, corpus, most: MOST_PHRASES })
  const { tenant, corpus: name, ...settings } = history
  const start = { ...settings, vocabSize: vocabulary.size }
  const store = new ThreadStore(start, { vocabulary: vocabulary.identity, corpus: name }, onWarning)
  return new PhrasePools({ store, tenant, corpus, most: history.most })
}
