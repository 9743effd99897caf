import { closeSync, existsSync, openSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import Database from 'libsql'
import { OuroborosError } from '../core/errors.ts'
import type { Phrase } from '../core/phrases/phrase.ts'
import { byDay, DAY, KeptPhrases } from './kept-phrases.ts'
import { makePrivateFolder } from './namespace.ts'
import { countParts, insertPart, PART_PHRASES, phrasesOf, readParts } from './parts.ts'
import { migrate } from './schema.ts'

export interface DiskStoreOptions {
  /** Phrases kept at most; the least useful go. */
  readonly most: number
  /** Days after its last use that a phrase is kept. */
  readonly days: number
  /** Size of the vocabulary: what lies outside is no phrase of it. */
  readonly vocabSize: number
  readonly onWarning: (line: string) => void
}

/** What stands between a file's name and the time at which it was set aside. */
const DAMAGED = '.damaged-'
/** Part of `most` that may be learned until everything is gathered, and the least useful phrases go. */
const SLACK = 0.25

/**
 * Phrases of one namespace in one SQLite file: crash-safe (write-ahead log), shared by processes, readable by its owner only. What is learned
 * is added as rows of many phrases each, with a checksum; from time to time all rows are gathered into a few.
 * Every method may throw what SQLite throws, but `open` sets a damaged file aside, says so, and starts anew.
 */
export class DiskStore {
  readonly file: string
  readonly #options: DiskStoreOptions
  readonly #db: Database.Database
  readonly #inode: number

  static open(file: string, options: DiskStoreOptions): DiskStore {
    makePrivateFolder(dirname(file))
    try {
      return new DiskStore(file, options)
    } catch (error) {
      if (!isDamage(error)) throw error
      const aside = setAside(file)
      options.onWarning(`the phrases in ${file} were damaged: set aside as ${basename(aside)}, learning starts anew`)
      return new DiskStore(file, options)
    }
  }

  private constructor(file: string, options: DiskStoreOptions) {
    this.file = file
    this.#options = options
    closeSync(openSync(file, 'a', 0o600))
    this.#inode = statSync(file).ino
    this.#db = new Database(file)
    try {
      // What is forgotten is overwritten; two processes wait for each other.
      for (const setting of ['busy_timeout = 5000', 'journal_mode = WAL', 'synchronous = NORMAL', 'secure_delete = ON'])
        this.#db.prepare(`PRAGMA ${setting}`).all([])
      this.#checkPages()
      migrate(this.#db, file)
      this.#checkParts()
      this.forgetOlderThan(options.days)
    } catch (error) {
      this.#db.close()
      throw error
    }
  }

  /** Throws E_STORE where the file is damaged. */
  check(): void {
    this.#checkPages()
    this.#checkParts()
  }

  #checkPages(): void {
    const [row] = this.#db.prepare('PRAGMA quick_check(1)').all([]) as { quick_check: string }[]
    if (row?.quick_check !== 'ok') throw new DamagedStore(`${this.file} is damaged: ${row?.quick_check.replaceAll('\n', ' ')}`)
  }

  #checkParts(): void {
    for (const part of readParts(this.#db)) if (!part) throw new DamagedStore(`${this.file} is damaged: a checksum is wrong`)
  }

  /** Whether the file is still where it was: someone may have removed it. */
  get isThere(): boolean {
    return existsSync(this.file) && statSync(this.file).ino === this.#inode
  }

  /** All phrases; `capacity`: of more of them some of the least useful are left out. */
  read(capacity = countParts(this.#db).all): KeptPhrases {
    const kept = new KeptPhrases(capacity)
    for (const part of readParts(this.#db)) if (part) kept.add(phrasesOf(part, this.#options.vocabSize), part.used)
    return kept
  }

  /** Adds what was learned, all or nothing. */
  merge(phrases: readonly (Phrase & { used?: number })[], now = Math.floor(Date.now() / 1000)): void {
    this.#change(() => {
      for (const { used, items } of byDay(phrases, (phrase) => phrase.used ?? now, PART_PHRASES))
        insertPart(this.#db, { used, phrases: items }, false)
    })
    if (countParts(this.#db).single > this.#options.most * SLACK) this.#gather(0)
  }

  /** Forgets what was not used for so many days; returns how many. */
  forgetOlderThan(days: number, now = Math.floor(Date.now() / 1000)): number {
    const since = now - days * DAY
    return this.#db.prepare('SELECT 1 FROM part WHERE used < ? LIMIT 1').get([since]) ? this.#gather(since) : 0
  }

  close(): void {
    try {
      this.#db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').all([]) // one whole file is left
    } catch {
      // A full disk: the log that is left beside the file belongs to it.
    } finally {
      this.#db.close()
    }
  }

  /** All rows become a few, without what was last used before `since` and without the least useful; returns how many were too old. */
  #gather(since: number): number {
    return this.#change(() => {
      const kept = this.read()
      this.#db.exec('DELETE FROM part')
      for (const part of kept.days(this.#options.most, since, PART_PHRASES)) insertPart(this.#db, part, true)
      return kept.unusedSince(since)
    })
  }

  #change<T>(work: () => T): T {
    this.#db.exec('BEGIN IMMEDIATE')
    try {
      const result = work()
      this.#db.exec('COMMIT')
      return result
    } catch (error) {
      if (this.#db.inTransaction) this.#db.exec('ROLLBACK')
      throw error
    }
  }
}

/** The file and what belongs to it get another name. */
function setAside(file: string): string {
  const aside = `${file}${DAMAGED}${Date.now()}`
  renameSync(file, aside)
  for (const part of ['-wal', '-shm']) rmSync(file + part, { force: true })
  return aside
}

class DamagedStore extends OuroborosError {
  constructor(message: string) {
    super('E_STORE', message)
  }
}

function isDamage(error: unknown): boolean {
  const { code } = error as { code?: string }
  return error instanceof DamagedStore || code === 'SQLITE_CORRUPT' || code === 'SQLITE_NOTADB'
}

/** Removes a namespace's file and what belongs to it, damaged ones included. */
export function removeStore(file: string): void {
  for (const part of ['', '-wal', '-shm']) rmSync(file + part, { force: true })
  const folder = dirname(file)
  for (const name of existsSync(folder) ? readdirSync(folder) : [])
    if (name.startsWith(`${basename(file)}${DAMAGED}`)) rmSync(join(folder, name), { force: true })
}
