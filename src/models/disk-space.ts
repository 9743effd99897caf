import { statfs } from 'node:fs/promises'
import { OuroborosError } from '../core/errors.ts'

/** `E_SPACE` unless `folder`'s disk has room for `bytes` more. */
export async function requireSpace(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  const free = bavail * bsize
  if (free < bytes) {
    throw new OuroborosError(
      'E_SPACE',
      `${megabytes(bytes)} are needed in ${folder}, ${megabytes(free)} are free: make room, or set OUROBOROS_HOME to a folder on another disk`,
    )
  }
}

/** The `E_SPACE` of a disk that filled up during a pull; undefined for other failures. */
export function diskFull(folder: string, error: unknown): OuroborosError | undefined {
  const { code } = error as NodeJS.ErrnoException
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return undefined
  const advice = 'make room and pull again (what was downloaded is kept), or set OUROBOROS_HOME to a folder on another disk'
  return new OuroborosError('E_SPACE', `the disk of ${folder} is full: ${advice}`, { cause: error })
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6)} MB`
}
