import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import lockfile from 'proper-lockfile'
import { OuroborosError } from '../core/errors.ts'
import { unusable } from './home.ts'

/** A lock whose owner was killed counts as left behind after this time; a living one refreshes it. */
const STALE_MS = 5000
const ASK_AGAIN_MS = 300

export interface LockOptions {
  signal: AbortSignal
  /** Someone else has the lock; told once. */
  onWait: () => void
}

/**
 * Runs `work` while no other process does so for the same `path`. A folder next to it with a time stamp is the lock,
 * rather than a process id, which means nothing to a container that shares the disk.
 */
export async function withFileLock<T>(
  path: string,
  { signal, onWait }: LockOptions,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const lost = new AbortController()
  const release = await acquire(path, signal, onWait, (cause) => {
    lost.abort(
      new OuroborosError('E_LOCKED', `the lock ${path}.lock was taken away (was this program stopped for a while?); try again`, { cause }),
    )
  })
  try {
    return await work(AbortSignal.any([signal, lost.signal]))
  } finally {
    // A lock that was lost is not ours to remove.
    if (!lost.signal.aborted) await release()
  }
}

async function acquire(
  path: string,
  signal: AbortSignal,
  onWait: () => void,
  onCompromised: (cause: Error) => void,
): Promise<() => Promise<void>> {
  for (let tries = 0; ; tries++) {
    signal.throwIfAborted()
    try {
      return await lockfile.lock(path, { realpath: false, stale: STALE_MS, update: 1000, onCompromised })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') throw unusable(dirname(path), error)
    }
    if (tries === 0) onWait()
    await sleep(ASK_AGAIN_MS, undefined, { signal })
  }
}
