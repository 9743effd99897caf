import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { OuroborosError } from '../core/errors.ts'
import { STORE_NAME } from '../core/phrases/phrase-store.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Whose phrases, of which vocabulary, learned for what: phrases never leave their namespace. */
export interface Namespace {
  readonly vocabulary: string
  readonly tenant: string
  readonly corpus: string
}

export const DEFAULT_TENANT = 'local'
export const DEFAULT_CORPUS = 'default'
const ENDING = '.phrases'
/** A namespace's file, and what a damaged one is called. */
const FILE = /^(([^.]+)\.([^.]+)\.([^.]+)\.phrases)(\.damaged-\d+)?$/

/** Where phrases are kept: `OUROBOROS_HOME/phrases`, default `${XDG_DATA_HOME:-~/.local/share}/ouroboros/phrases`. */
export function phrasesFolder(env: Environment = process.env): string {
  if (env.OUROBOROS_HOME) return resolve(env.OUROBOROS_HOME, 'phrases')
  return join(env.XDG_DATA_HOME ? resolve(env.XDG_DATA_HOME) : join(homedir(), '.local', 'share'), 'ouroboros', 'phrases')
}

/** Throws E_USAGE where a name cannot be part of a file's name. */
export function checkName(what: 'tenant' | 'history', name: string): string {
  if (STORE_NAME.test(name)) return name
  throw new OuroborosError(
    'E_USAGE',
    `${what}: expected 1 to 64 letters, digits, - or _: received ${JSON.stringify(name.slice(0, 100))}, choose another name`,
  )
}

/** A namespace's file in `folder`. */
export function namespaceFile(folder: string, { vocabulary, tenant, corpus }: Namespace): string {
  return join(folder, `${vocabulary}.${tenant}.${corpus}${ENDING}`)
}

/** The namespaces that have a file in `folder`; `withDamaged`: or one that was set aside. */
export function namespaces(folder: string, { withDamaged = false } = {}): Namespace[] {
  if (!existsSync(folder)) return []
  const found = new Map<string, Namespace>()
  for (const name of readdirSync(folder)) {
    const [, whole, vocabulary, tenant, corpus, damaged] = FILE.exec(name) ?? []
    if (whole && vocabulary && tenant && corpus && (withDamaged || !damaged)) found.set(whole, { vocabulary, tenant, corpus })
  }
  return [...found.values()]
}

/** Makes the folder, for its owner only; true: it was not there. */
export function makePrivateFolder(folder: string): boolean {
  return mkdirSync(folder, { recursive: true, mode: 0o700 }) !== undefined
}
