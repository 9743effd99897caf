import { type Dirent, existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import ignore from 'ignore'
import { OuroborosError } from '../core/errors.ts'

/** The rules of one `.gitignore` and the folder that they are about. */
interface Rules {
  readonly folder: string
  readonly rules: ReturnType<typeof ignore>
}

/** What is larger, or has longer lines, was written by no hand. */
const MOST_BYTES = 2 ** 20
const MOST_COLUMNS = 5000

/** Files below these files and folders, in the order of their names, without what git ignores, links, and `.git`. Throws E_FILE. */
export function* filesBelow(paths: readonly string[]): Generator<string> {
  for (const path of paths.map((one) => resolve(one))) {
    const about = statSync(path, { throwIfNoEntry: false })
    if (!about) throw new OuroborosError('E_FILE', `no such file or folder: received ${path}`)
    if (about.isDirectory()) yield* walk(path, rulesAbove(path))
    else yield path
  }
}

/** A file's text; undefined: it is no text that somebody wrote, or cannot be read. */
export function textOf(file: string): string | undefined {
  try {
    if (statSync(file).size > MOST_BYTES) return undefined
    const text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file))
    return text.includes('\0') || text.split('\n').some((line) => line.length > MOST_COLUMNS) ? undefined : text
  } catch {
    return undefined
  }
}

function* walk(folder: string, above: readonly Rules[]): Generator<string> {
  const rules = [...above, ...rulesIn(folder)]
  for (const entry of entriesOf(folder)) {
    const path = join(folder, entry.name)
    if (entry.name === '.git' || isIgnored(path, entry.isDirectory(), rules)) continue
    if (entry.isDirectory()) yield* walk(path, rules)
    else if (entry.isFile()) yield path
  }
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
  } catch {
    return [] // no permission
  }
}

/** The last word about a path is the nearest folder's. */
function isIgnored(path: string, isFolder: boolean, all: readonly Rules[]): boolean {
  let isOut = false
  for (const { folder, rules } of all) {
    const name = relative(folder, path).split(sep).join('/')
    const { ignored, unignored } = rules.test(isFolder ? `${name}/` : name)
    if (ignored || unignored) isOut = ignored
  }
  return isOut
}

/** Rules of the folders above, up to the repository's. */
function rulesAbove(folder: string): Rules[] {
  const above: string[] = []
  for (let at = folder; !existsSync(join(at, '.git')); at = dirname(at)) {
    if (dirname(at) === at) return [] // in no repository
    above.unshift(dirname(at))
  }
  return above.flatMap(rulesIn)
}

function rulesIn(folder: string): Rules[] {
  const text = textOf(join(folder, '.gitignore'))
  return text === undefined ? [] : [{ folder, rules: ignore().add(text) }]
}
