import type { Phrase } from './phrase.ts'
import type { PhraseTable } from './phrase-table.ts'

/** A tenant, or a history, as part of a file's name. */
export const STORE_NAME = /^[A-Za-z0-9_-]{1,64}$/

/**
 * Keeps the phrases of several tenants beyond the process. It never throws and never makes its caller wait: what goes wrong is a warning,
 * and drafts are verified whatever phrases they come from. Drafters do not know that it exists.
 */
export interface PhraseStore {
  /** `hear` is given what is kept for the tenant, all at once as a table or as phrases in batches, and later what other processes add. */
  open(tenant: string, hear: (news: PhraseTable | Iterable<Phrase>) => void): void
  /** Phrases that are new or have changed; their counters are added to those that are kept. */
  put(tenant: string, phrases: readonly Phrase[]): void
  /** The tenant is not heard any more until it is opened again; what was put is kept. */
  release(tenant: string): void
  /** Forgets a tenant's phrases. */
  forget(tenant: string): void
  /** Resolves when what was put is where it is kept. */
  flush(): Promise<void>
  close(): Promise<void>
}
