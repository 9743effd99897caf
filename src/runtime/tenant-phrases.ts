import { PaperPool } from '../core/drafters/paper/pool.ts'
import type { PhrasePool } from '../core/phrases/phrase-pool.ts'

/** What one tenant's requests have taught: another one's never see it. */
export class TenantPhrases {
  readonly pool: PhrasePool
  readonly #paper = new Map<number, PaperPool>()

  constructor(pool: PhrasePool) {
    this.pool = pool
  }

  /** The `paper` preset's pool of this capacity. */
  paper(capacity: number): PaperPool {
    const pool = this.#paper.get(capacity) ?? new PaperPool(capacity)
    this.#paper.set(capacity, pool)
    return pool
  }
}
