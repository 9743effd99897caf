import { closeSync, existsSync, openSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import Database from 'libsql'
import { OuroborosError } from '../core/errors.ts'
import { MAX_KEY, MAX_PHRASE, type Phrase, SOURCES } from '../core/phrases/phrase.ts'
import type { PhraseSource, Token } from '../core/token.ts'
import { packTokens, sourceNumber, unpackTokens } from './codec.ts'
import { makePrivateFolder } from './namespace.ts'
import { migrate } from './schema.ts'

/** A phrase as it is kept. */
export interface KeptPhrase extends Phrase {
  /** Seconds since 1970 of its last use. */
  readonly used: number
}

export interface DiskStoreOptions {
  /** Phrases kept at most; the least useful go. */
  readonly most: number
  /** Days after its last use that a phrase is kept. */
  readonly days: number
  /** Size of the vocabulary: what lies outside is no phrase of it. */
  readonly vocabSize: number
  readonly onWarning: (line: string) => void
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

interface SourceRow {
  source: number
  phrases: number
  seen: number
  tries: number
  hits: number
}

const DAY = 86_400
/** What stands between a file's name and the time at which it was set aside. */
const DAMAGED = '.damaged-'
/** Parts of `most` that may be kept above it until the least useful go, and rows per batch. */
const SLACK = 0.05
const BATCH = 4096
/** As the pool sees it, and the less the longer it was not used. */
const WORTH = 'CASE refuted WHEN 1 THEN 0.0 ELSE (seen + 4.0 * hits) / (4 + tries) END'

/**
 * Phrases of one namespace in one SQLite file: crash-safe (write-ahead log), shared by processes, readable by its owner only.
 * Every method may throw what SQLite throws, but `open` sets a damaged file aside, says so, and starts anew.
 */
export class DiskStore {
  readonly file: string
  readonly #options: DiskStoreOptions
  readonly #db: Database.Database
  readonly #inode: number
  #added = 0

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
      this.check()
      migrate(this.#db, file)
      this.#evict()
    } catch (error) {
      this.#db.close()
      throw error
    }
  }

  /** Throws E_STORE where the file is damaged. */
  check(): void {
    const [row] = this.#db.prepare('PRAGMA quick_check(1)').all([]) as { quick_check: string }[]
    if (row?.quick_check !== 'ok') throw new DamagedStore(`${this.file} is damaged: ${row?.quick_check.replaceAll('\n', ' ')}`)
  }

  /** Whether the file is still where it was: someone may have removed it. */
  get isThere(): boolean {
    return existsSync(this.file) && statSync(this.file).ino === this.#inode
  }

  get size(): number {
    return (this.#db.prepare('SELECT count(*) AS size FROM phrase').get([]) as { size: number }).size
  }

  /** All phrases, in batches. */
  *batches(): Generator<KeptPhrase[]> {
    const next = this.#db.prepare('SELECT * FROM phrase WHERE key > ? ORDER BY key LIMIT ?')
    for (let last: Uint8Array = new Uint8Array(); ; ) {
      const rows = next.all([last, BATCH]) as Row[]
      if (rows.length > 0) yield rows.flatMap((row) => this.#phrase(row) ?? [])
      if (rows.length < BATCH) return
      last = new Uint8Array((rows.at(-1) as Row).key)
    }
  }

  /** What there is of each source. */
  bySource(): { source: PhraseSource; phrases: number; seen: number; tries: number; hits: number }[] {
    const sums = 'count(*) AS phrases, sum(seen) AS seen, sum(tries) AS tries, sum(hits) AS hits'
    const rows = this.#db.prepare(`SELECT source, ${sums} FROM phrase GROUP BY source`).all([]) as SourceRow[]
    return rows.map((row) => ({ ...row, source: SOURCES[row.source] as PhraseSource }))
  }

  /** The continuations of which most tokens were accepted, over all their keys; then those seen most often. */
  top(count: number): { tokens: Token[]; seen: number; tries: number; hits: number }[] {
    const sums = 'max(seen) AS seen, sum(tries) AS tries, sum(hits) AS hits'
    const order = 'GROUP BY tokens ORDER BY hits DESC, seen DESC LIMIT ?'
    const rows = this.#db.prepare(`SELECT tokens, ${sums} FROM phrase WHERE refuted = 0 ${order}`).all([count]) as Row[]
    return rows.flatMap(({ tokens: packed, seen, tries, hits }) => {
      const tokens = unpackTokens(new Uint8Array(packed))
      return tokens.every((token) => token < this.#options.vocabSize) ? [{ tokens, seen, tries, hits }] : []
    })
  }

  /** Adds what was learned, all or nothing. */
  merge(phrases: readonly (Phrase & { used?: number })[], now = Math.floor(Date.now() / 1000)): void {
    const put = this.#db.prepare(
      `INSERT INTO phrase VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET
         tokens = excluded.tokens, source = excluded.source, refuted = excluded.refuted, used = max(used, excluded.used),
         seen = min(seen + excluded.seen, 65535), tries = tries + excluded.tries, hits = hits + excluded.hits`,
    )
    this.#db.exec('BEGIN IMMEDIATE')
    try {
      for (const { key, tokens, source, seen, tries, hits, refuted, used = now } of phrases) {
        const name = packTokens([...key, tokens[0] as number])
        put.run([name, packTokens(tokens), sourceNumber(source), seen, tries, hits, refuted ? 1 : 0, used])
      }
      this.#db.exec('COMMIT')
    } catch (error) {
      if (this.#db.inTransaction) this.#db.exec('ROLLBACK')
      throw error
    }
    this.#added += phrases.length
    if (this.#added > this.#options.most * SLACK) this.#evict()
  }

  /** Forgets what was not used for so many days; returns how many. */
  forgetOlderThan(days: number, now = Math.floor(Date.now() / 1000)): number {
    return this.#db.prepare('DELETE FROM phrase WHERE used < ?').run([now - days * DAY]).changes
  }

  close(): void {
    this.#db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').all([]) // one whole file is left
    this.#db.close()
  }

  #evict(): void {
    this.#added = 0
    this.forgetOlderThan(this.#options.days)
    const over = this.size - this.#options.most
    if (over > 0) this.#db.prepare(`DELETE FROM phrase WHERE key IN (SELECT key FROM phrase ORDER BY ${WORTH}, used LIMIT ?)`).run([over])
  }

  /** Undefined: a row that no vocabulary of this size has written. */
  #phrase({ key, tokens, source, seen, tries, hits, refuted, used }: Row): KeptPhrase | undefined {
    const own = { key: unpackTokens(new Uint8Array(key)).slice(0, -1), tokens: unpackTokens(new Uint8Array(tokens)) }
    if (own.key.length > MAX_KEY || own.tokens.length > MAX_PHRASE) return undefined
    if ([...own.key, ...own.tokens].some((token) => token >= this.#options.vocabSize)) return undefined
    return { ...own, source: SOURCES[source] as PhraseSource, seen, tries, hits, refuted: refuted === 1, used }
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
