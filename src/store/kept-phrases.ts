import type { Phrase } from '../core/phrases/phrase.ts'
import { PhrasePool } from '../core/phrases/phrase-pool.ts'
import type { PhraseTable } from '../core/phrases/phrase-table.ts'
import type { PhraseSource, Token } from '../core/token.ts'

/** A phrase as it is kept. */
export interface KeptPhrase extends Phrase {
  /** Seconds since 1970 of its last use. */
  readonly used: number
}

/** Phrases that were last used on one day. */
export interface PhrasesOfDay {
  /** Seconds since 1970 of the last use of any. */
  readonly used: number
  readonly phrases: Phrase[]
}

/** Sums of some phrases' counters. */
export interface PhraseTotals {
  phrases: number
  seen: number
  tries: number
  hits: number
}

export const DAY = 86_400

/** Items in batches by the day of their last use, the earliest first, at most `most` in a batch. */
export function* byDay<T>(items: Iterable<T>, usedOf: (item: T) => number, most: number): Generator<{ used: number; items: T[] }> {
  const days = new Map<number, { used: number; items: T[] }>()
  for (const item of items) {
    const used = usedOf(item)
    const day = Math.floor(used / DAY)
    const known = days.get(day)
    if (!known) days.set(day, { used, items: [item] })
    else {
      known.used = Math.max(known.used, used)
      known.items.push(item)
    }
  }
  for (const { used, items: all } of [...days.values()].sort((a, b) => a.used - b.used))
    for (let at = 0; at < all.length; at += most) yield { used, items: all.slice(at, at + most) }
}

/** The phrases of one namespace, whose counters are added up in the order in which they were learned. */
export class KeptPhrases {
  readonly #pool: PhrasePool
  readonly #used: Float64Array

  /** @param capacity of more phrases some of the least useful go */
  constructor(capacity: number) {
    this.#pool = new PhrasePool({ capacityBytes: capacity * PhrasePool.bytesPerPhrase })
    this.#used = new Float64Array(this.#pool.capacity)
  }

  get size(): number {
    return this.#pool.size
  }

  get table(): PhraseTable {
    return this.#pool.table
  }

  add(phrases: Iterable<Phrase>, used: number): void {
    for (const phrase of phrases) {
      const before = this.#pool.size
      const slot = this.#pool.restore(phrase)
      if (slot === undefined) continue
      const isNew = this.#pool.size > before
      this.#used[slot] = isNew ? used : Math.max(used, this.#used[slot] as number)
    }
  }

  *entries(): Generator<KeptPhrase> {
    for (let slot = 0; slot < this.size; slot++) yield { ...this.#pool.phrase(slot), used: this.#used[slot] as number }
  }

  /** How many were last used before `since`, in seconds since 1970. */
  unusedSince(since: number): number {
    let count = 0
    for (let slot = 0; slot < this.size; slot++) if ((this.#used[slot] as number) < since) count++
    return count
  }

  /**
   * The `most` phrases that are most worth keeping, of equal ones those used last, and none that was last used before `since`: by the day of their
   * last use, the earliest first, at most `atOnce` together.
   */
  *days(most: number, since: number, atOnce: number): Generator<PhrasesOfDay> {
    const { table } = this
    const used = this.#used
    const slots = Array.from({ length: this.size }, (_, slot) => slot).filter((slot) => (used[slot] as number) >= since)
    const byWorth = (a: number, b: number) => table.worth(b) - table.worth(a) || (used[b] as number) - (used[a] as number)
    const best = slots.length > most ? slots.sort(byWorth).slice(0, most) : slots
    for (const day of byDay(best, (slot) => used[slot] as number, atOnce))
      yield { used: day.used, phrases: day.items.map((slot) => table.phrase(slot)) }
  }

  /** What there is of each source. */
  bySource(): Map<PhraseSource, PhraseTotals> {
    const sources = new Map<PhraseSource, PhraseTotals>()
    for (const { source, seen, tries, hits } of this.entries()) {
      const totals = sources.get(source) ?? { phrases: 0, seen: 0, tries: 0, hits: 0 }
      totals.phrases++
      totals.seen += seen
      totals.tries += tries
      totals.hits += hits
      sources.set(source, totals)
    }
    return sources
  }

  /** The continuations of which most tokens were accepted, over all their keys; then those seen most often. */
  top(count: number): ({ tokens: readonly Token[] } & Omit<PhraseTotals, 'phrases'>)[] {
    const found = new Map<string, { tokens: readonly Token[] } & Omit<PhraseTotals, 'phrases'>>()
    for (const { tokens, seen, tries, hits, refuted } of this.entries()) {
      if (refuted) continue
      const name = tokens.join()
      const known = found.get(name)
      if (!known) found.set(name, { tokens, seen, tries, hits })
      else Object.assign(known, { seen: Math.max(known.seen, seen), tries: known.tries + tries, hits: known.hits + hits })
    }
    return [...found.values()].sort((a, b) => b.hits - a.hits || b.seen - a.seen).slice(0, count)
  }
}
