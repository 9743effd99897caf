import { spawn } from 'node:child_process'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { diskFull } from './disk-space.ts'
import { SourceFailure } from './source.ts'

const WATCH_MS = 250

export interface PipJob {
  /** The Python interpreter to run. */
  python: string
  /** Empty folder for the wheel and for pip's own temporary files. */
  folder: string
  signal: AbortSignal
  /** Bytes on disk so far. */
  onBytes: (bytes: number) => void
}

/** The interpreter that is asked for unless another one is named. */
export const DEFAULT_PYTHON = process.platform === 'win32' ? 'python' : 'python3'

/**
 * Downloads one wheel by Python's ordinary package client; returns the wheel's path. `tags` (e.g. `--abi`) choose among a version's
 * wheels; default: the one for this interpreter.
 */
export async function downloadWheel(name: string, version: string, job: PipJob, tags: readonly string[] = []): Promise<string> {
  return await download(`${name}==${version}`, ['--only-binary=:all:', ...tags], job)
}

/** Runs `pip download`; returns the path of the one file that arrived. `requirement` may be several arguments, e.g. `-r FILE`. */
export async function download(
  requirement: string | readonly string[],
  flags: readonly string[],
  job: PipJob,
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  job.signal.throwIfAborted()
  const requirements = [requirement].flat()
  const watch = setInterval(() => void largestFile(job.folder).then(job.onBytes), WATCH_MS)
  try {
    await runPip([...flags, '--dest', job.folder, ...requirements], job, env)
  } finally {
    clearInterval(watch)
  }
  const file = (await readdir(job.folder)).find((name) => /\.(whl|tar\.gz)$/.test(name))
  if (!file) throw new SourceFailure(`pip downloaded no file for ${requirements.join(' ')}`)
  return join(job.folder, file)
}

function runPip(requirements: readonly string[], { python, folder, signal }: PipJob, env: Readonly<Record<string, string>>): Promise<void> {
  const flags = ['--no-deps', '--ignore-requires-python', '--no-cache-dir', '--disable-pip-version-check']
  const quiet = ['--no-input', '--progress-bar=off', '--retries=2', '--quiet', '--no-color']
  return new Promise((resolve, reject) => {
    const child = spawn(python, ['-m', 'pip', 'download', ...flags, ...quiet, ...requirements], {
      env: { ...process.env, TMPDIR: folder, TMP: folder, TEMP: folder, ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    const kill = (): void => void child.kill('SIGKILL')
    signal.addEventListener('abort', kill, { once: true })
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4000)
    })
    child.on('error', (error: NodeJS.ErrnoException) => {
      signal.removeEventListener('abort', kill)
      reject(new SourceFailure(error.code === 'ENOENT' ? `${python} is not installed` : `${python} cannot be run (${error.code})`))
    })
    child.on('close', (code) => {
      signal.removeEventListener('abort', kill)
      if (signal.aborted) reject(signal.reason)
      else if (code === 0) resolve()
      else reject(explain(said, python, folder))
    })
  })
}

function explain(said: string, python: string, folder: string): Error {
  if (/No space left on device|Errno 28\b|Disk quota exceeded/.test(said)) {
    const full = diskFull(folder, Object.assign(new Error(said), { code: 'ENOSPC' }))
    if (full) return full
  }
  if (/No module named '?pip/.test(said)) return new SourceFailure(`${python} has no pip`)
  const errors = said.split('\n').filter((line) => line.startsWith('ERROR:'))
  return new SourceFailure(
    `pip: ${(errors.at(-1) ?? said.trim().split('\n').at(-1) ?? '').replace(/^ERROR: /, '') || 'failed without a message'}`,
  )
}

/** pip writes into a temporary folder first, whose name is its own affair. */
async function largestFile(folder: string): Promise<number> {
  let bytes = 0
  for (const file of await readdir(folder, { recursive: true }).catch(() => [])) {
    const size = await stat(join(folder, file)).then(
      (found) => (found.isFile() ? found.size : 0),
      () => 0,
    )
    bytes = Math.max(bytes, size)
  }
  return bytes
}
