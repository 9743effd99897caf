import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { withFileLock } from '../models/file-lock.ts'
import { ensureFolder } from '../models/home.ts'

export interface BuildOptions {
  /** Cache folder. Default: the user's. */
  readonly home?: string
  /** Python interpreter whose pip is asked. Default `python3`; on Windows `python`. */
  readonly python?: string
  /** Compilers at once. Default: the machine's cores. */
  readonly jobs?: number
  /** What is being done. */
  readonly onStage?: (stage: string) => void
  /** What the tools write; `percentOf` reads how far they are. */
  readonly onLine?: (line: string) => void
  readonly signal?: AbortSignal
}

/** `BuildOptions` inside a build: they can always be aborted. */
export type BuildJob = BuildOptions & { readonly signal: AbortSignal }

/**
 * Makes a folder that is whole or not there: `make` gets a temporary folder and returns the one in it that gets the final name. One
 * process at a time; what killed ones have left is removed. Throws `E_FILE`, `E_LOCKED`, what `make` throws, the signal's reason.
 */
export async function makeFolder(
  folder: string,
  options: BuildOptions,
  make: (part: string, job: BuildJob) => Promise<string>,
): Promise<void> {
  if (existsSync(folder)) return
  const [parent, name] = [dirname(folder), basename(folder)]
  await ensureFolder(parent)
  const signal = options.signal ?? new AbortController().signal
  const onWait = () => options.onStage?.(`another process is building ${name}`)
  await withFileLock(folder, { signal, onWait }, async (signal) => {
    if (existsSync(folder)) return
    const prefix = `${name}.part-`
    for (const left of await readdir(parent)) if (left.startsWith(prefix)) await rm(join(parent, left), { recursive: true, force: true })
    const part = await mkdtemp(join(parent, prefix))
    try {
      await rename(await make(part, { ...options, signal }), folder)
    } finally {
      await rm(part, { recursive: true, force: true })
    }
  })
}
