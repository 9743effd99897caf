import type Database from 'libsql'
import { OuroborosError } from '../core/errors.ts'

/** Step n makes format n + 1 of format n. A format that was published is never changed, only followed. */
const STEPS: readonly string[] = [
  `CREATE TABLE phrase (
     key BLOB PRIMARY KEY CHECK (length(key) BETWEEN 2 AND 25),
     tokens BLOB NOT NULL CHECK (length(tokens) BETWEEN 1 AND 80),
     source INTEGER NOT NULL CHECK (source BETWEEN 0 AND 5),
     seen INTEGER NOT NULL CHECK (seen BETWEEN 0 AND 65535),
     tries INTEGER NOT NULL CHECK (tries >= 0),
     hits INTEGER NOT NULL CHECK (hits >= 0),
     refuted INTEGER NOT NULL CHECK (refuted IN (0, 1)),
     used INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID`,
]

/** Brings a file to the present format. Throws E_STORE where a newer version of the program has written it. */
export function migrate(db: Database.Database, file: string, steps: readonly string[] = STEPS): void {
  const version = () => (db.prepare('PRAGMA user_version').get([]) as { user_version: number }).user_version
  if (version() > steps.length)
    throw new OuroborosError(
      'E_STORE',
      `${file} has format ${version()}, this version knows ${steps.length}: update, or choose another --history`,
    )
  if (version() === steps.length) return
  db.exec('BEGIN IMMEDIATE') // another process may be doing the same
  for (const [i, step] of steps.entries()) if (i >= version()) db.exec(`${step}; PRAGMA user_version = ${i + 1}`)
  db.exec('COMMIT')
}
