import { crc32 } from 'node:zlib'
import type Database from 'libsql'
import type { Phrase } from '../core/phrases/phrase.ts'
import { decodePhrases, encodePhrases } from './codec.ts'
import type { PhrasesOfDay } from './kept-phrases.ts'

/** Phrases in a row at most: some megabytes. */
export const PART_PHRASES = 2 ** 16

/** A row of phrases: as they were learned, or `gathered` of earlier rows. */
export interface Part {
  readonly used: number
  readonly body: Uint8Array
}

interface Row {
  used: number
  checksum: number
  body: ArrayBuffer
}

export function insertPart(db: Database.Database, { used, phrases }: PhrasesOfDay, isGathered: boolean): void {
  const body = encodePhrases(phrases)
  db.prepare('INSERT INTO part (used, phrases, gathered, checksum, body) VALUES (?, ?, ?, ?, ?)').run([
    used,
    phrases.length,
    isGathered ? 1 : 0,
    crc32(body),
    body,
  ])
}

/** The rows in the order in which they were learned; undefined: one is damaged. */
export function* readParts(db: Database.Database): Generator<Part | undefined> {
  const next = db.prepare('SELECT id, used, checksum, body FROM part WHERE id > ? ORDER BY id LIMIT 1')
  for (let id = 0; ; ) {
    const row = next.get([id]) as (Row & { id: number }) | undefined
    if (!row) return
    id = row.id
    const body = new Uint8Array(row.body)
    yield crc32(body) === row.checksum ? { used: row.used, body } : undefined
  }
}

/** A part's phrases without those that no vocabulary of this size has written. */
export function* phrasesOf({ body }: Part, vocabSize: number): Generator<Phrase> {
  for (const phrase of decodePhrases(body)) if (isBelow(phrase.key, vocabSize) && isBelow(phrase.tokens, vocabSize)) yield phrase
}

function isBelow(tokens: readonly number[], vocabSize: number): boolean {
  for (const token of tokens) if (token >= vocabSize) return false
  return true
}

/** Phrases in rows, more often than once where they were learned again: all of them, and those that were not gathered yet. */
export function countParts(db: Database.Database): { all: number; single: number } {
  const row = db.prepare('SELECT total(phrases) AS "all", total(phrases * (1 - gathered)) AS single FROM part').get([])
  return row as { all: number; single: number }
}
