import {
  accessSync,
  constants,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileHash } from './sources.ts'

export const LIBRARY_NAME = 'libouroboros-kernels.so'

/** What a cache folder's `built.json` says. */
export interface Built {
  readonly source: 'compiled' | 'zig'
  readonly compiler: string
  readonly sha256: string
}

/** A whole library of the cache; undefined: there is none, or it is damaged. */
export function cached(folder: string): Built | undefined {
  const built = readJson<Built>(join(folder, 'built.json'))
  return built && fileHash(join(folder, LIBRARY_NAME)) === built.sha256 ? built : undefined
}

/** Puts the library `file` of `temporary`, a folder next to it, into the cache as `folder`. */
export function keep(temporary: string, folder: string, built: Omit<Built, 'sha256'>): void {
  const sha256 = fileHash(join(temporary, LIBRARY_NAME))
  writeFileSync(join(temporary, 'built.json'), JSON.stringify({ ...built, sha256 }))
  const old = `${temporary}-old`
  // A damaged library may still be mapped: it is moved away, not written over.
  try {
    renameSync(folder, old)
  } catch {} // there is none
  renameSync(temporary, folder)
  rmSync(old, { recursive: true, force: true })
}

/** What failed is not tried again for this time. */
const FAILURE_MS = 3_600_000

/** Why the same build failed a short time ago; undefined: it did not. */
export function failedBefore(folder: string): string | undefined {
  const failed = readJson<{ reason: string; time: number }>(`${folder}.failed.json`)
  return failed && Math.abs(Date.now() - failed.time) < FAILURE_MS ? failed.reason : undefined
}

export function rememberFailure(folder: string, reason: string): void {
  writeFileSync(`${folder}.failed.json`, JSON.stringify({ reason, time: Date.now() }))
}

function readJson<T>(file: string): T | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T
  } catch {
    return undefined
  }
}

/**
 * The first folder that can be written to: `wanted`, or one of this user's alone in the system's folder for temporary files;
 * else why there is none.
 */
export function writableFolder(wanted: string): string | { readonly reason: string } {
  const problem = unwritable(wanted)
  if (!problem) return wanted
  const own = join(tmpdir(), `ouroboros-${process.getuid?.()}`)
  const problems = [`${wanted} (${problem})`, `${own} (${unwritable(own) ?? notPrivate(own)})`]
  if (!unwritable(own) && !notPrivate(own)) return own
  return { reason: `cannot write to ${problems.join(' or ')}: set OUROBOROS_HOME to a folder that you may write to` }
}

function unwritable(folder: string): string | undefined {
  try {
    makeFolder(folder)
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK)
    return undefined
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error)
  }
}

/** Whoever may write there may put code into this process. */
function notPrivate(folder: string): string | undefined {
  const { uid, mode } = lstatSync(folder)
  return uid === process.getuid?.() && (mode & 0o022) === 0 ? undefined : 'others may write to it'
}

/** mkdir's own `recursive` never returns below a folder such as /proc (Node 20). */
function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return
    if (code !== 'ENOENT' || dirname(folder) === folder) throw error
    makeFolder(dirname(folder))
    makeFolder(folder)
  }
}

/** Runs `work` with a new folder in `parent`, which is gone afterwards. */
export function inTemporary<T>(parent: string, work: (folder: string) => T): T {
  const folder = mkdtempSync(join(parent, 'temporary-'))
  try {
    return work(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const ASK_AGAIN_MS = 100
const OWNER_WRITES_MS = 2000

/**
 * Runs `work` while no other thread or process does so for the same `path`. The lock only saves work, as whole results are moved into
 * place: one that its owner has left, or has had for more than `stale` ms, is taken over.
 */
export function withLock<T>(path: string, stale: number, onWait: () => void, work: () => T): T {
  const lock = `${path}.lock`
  const owner = JSON.stringify({ pid: process.pid, host: hostname(), id: Math.random() })
  for (let tries = 0; !take(lock, owner); tries++) {
    if (tries === 0) onWait()
    if (left(lock, stale)) rmSync(lock, { recursive: true, force: true })
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ASK_AGAIN_MS)
  }
  try {
    return work()
  } finally {
    if (ownerOf(lock) === owner) rmSync(lock, { recursive: true, force: true })
  }
}

function take(lock: string, owner: string): boolean {
  try {
    mkdirSync(lock)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
  writeFileSync(join(lock, 'owner'), owner)
  return true
}

function ownerOf(lock: string): string | undefined {
  try {
    return readFileSync(join(lock, 'owner'), 'utf8')
  } catch {
    return undefined
  }
}

function left(lock: string, stale: number): boolean {
  const age = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now())
  const owner = readJson<{ pid: number; host: string }>(join(lock, 'owner'))
  if (!owner) return age > Math.min(stale, OWNER_WRITES_MS)
  // A process id means nothing to a container that shares the disk.
  return age > stale || (owner.host === hostname() && !alive(owner.pid))
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}
