import type Database from 'libsql'
import { OuroborosError } from '../core/errors.ts'
import { SOURCES } from '../core/phrases/phrase.ts'
import type { PhraseSource } from '../core/token.ts'
import { unpackTokens } from './codec.ts'
import { byDay, type KeptPhrase } from './kept-phrases.ts'
import { insertPart, PART_PHRASES } from './parts.ts'

/** Step n makes format n + 1 of format n. A format that was published is never changed, only followed. */
export const STEPS: readonly ((db: Database.Database) => void)[] = [
  (db) =>
    db.exec(`CREATE TABLE phrase (
     key BLOB PRIMARY KEY CHECK (length(key) BETWEEN 2 AND 25),
     tokens BLOB NOT NULL CHECK (length(tokens) BETWEEN 1 AND 80),
     source INTEGER NOT NULL CHECK (source BETWEEN 0 AND 5),
     seen INTEGER NOT NULL CHECK (seen BETWEEN 0 AND 65535),
     tries INTEGER NOT NULL CHECK (tries >= 0),
     hits INTEGER NOT NULL CHECK (hits >= 0),
     refuted INTEGER NOT NULL CHECK (refuted IN (0, 1)),
     used INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID`),
  // Many phrases a row: a million rows took 18 s to read.
  (db) => {
    db.exec(`CREATE TABLE part (
     id INTEGER PRIMARY KEY,
     used INTEGER NOT NULL,
     phrases INTEGER NOT NULL,
     gathered INTEGER NOT NULL CHECK (gathered IN (0, 1)),
     checksum INTEGER NOT NULL,
     body BLOB NOT NULL
   ) STRICT`)
    for (const { used, items } of byDay(rowsOfFormat1(db), (phrase) => phrase.used, PART_PHRASES))
      insertPart(db, { used, phrases: items }, true)
    db.exec('DROP TABLE phrase')
  },
]

/** Brings a file to the present format. Throws E_STORE where a newer version of the program has written it. */
export function migrate(db: Database.Database, file: string, steps = STEPS): void {
  const version = () => (db.prepare('PRAGMA user_version').get([]) as { user_version: number }).user_version
  const before = version()
  if (before > steps.length)
    throw new OuroborosError(
      'E_STORE',
      `${file} has format ${before}, this version knows ${steps.length}: update, or choose another --history`,
    )
  if (before === steps.length) return
  db.exec('BEGIN IMMEDIATE') // another process may be doing the same
  for (const [i, step] of steps.entries()) {
    if (i < version()) continue
    step(db)
    db.exec(`PRAGMA user_version = ${i + 1}`)
  }
  db.exec('COMMIT')
  if (before > 0) db.exec('VACUUM') // the room of the earlier format
}

interface Row {
  key: ArrayBuffer
  tokens: ArrayBuffer
  source: number
  seen: number
  tries: number
  hits: number
  refuted: number
  used: number
}

function* rowsOfFormat1(db: Database.Database): Generator<KeptPhrase> {
  const next = db.prepare('SELECT * FROM phrase WHERE key > ? ORDER BY key LIMIT 4096')
  for (let rows = next.all([new Uint8Array()]) as Row[]; rows.length > 0; ) {
    for (const { key, tokens, source, refuted, tries, hits, ...rest } of rows)
      yield {
        key: unpackTokens(new Uint8Array(key)).slice(0, -1), // the phrase's first token was part of its name
        tokens: unpackTokens(new Uint8Array(tokens)),
        source: SOURCES[source] as PhraseSource,
        refuted: refuted === 1,
        tries: Math.min(tries, 0xffff),
        hits: Math.min(hits, 0xffff),
        ...rest,
      }
    rows = next.all([new Uint8Array((rows.at(-1) as Row).key)]) as Row[]
  }
}
