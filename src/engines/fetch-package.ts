import { basename } from 'node:path'
import { OuroborosError } from '../core/errors.ts'
import { sha256Of } from '../models/checksum.ts'
import { ProgressMeter } from '../models/progress-meter.ts'
import { SourceFailure } from '../models/source.ts'
import type { EngineOptions } from './engine-folder.ts'

/** A file of a package index, known to the byte. */
export interface PinnedPackage {
  readonly name: string
  readonly version: string
  readonly bytes: number
  /** Lower-case hex. */
  readonly sha256: string
}

/** Runs a download with progress; returns its file once size and checksum are right. Throws E_DOWNLOAD, E_CHECKSUM. */
export async function fetchPackage(
  wanted: PinnedPackage,
  { onProgress = () => {}, signal }: EngineOptions & { signal: AbortSignal },
  download: (onBytes: (bytes: number) => void) => Promise<string>,
): Promise<string> {
  const about = `${wanted.name} ${wanted.version}`
  const meter = new ProgressMeter({ phase: 'download', file: about, source: 'Python packages' }, wanted.bytes, onProgress)
  meter.update(0)
  let path: string
  try {
    path = await download((bytes) => meter.update(Math.min(bytes, wanted.bytes)))
  } catch (error) {
    if (!(error instanceof SourceFailure)) throw error
    throw new OuroborosError(
      'E_DOWNLOAD',
      `cannot download ${about} [${error.message}]. Connect to the network and have Python 3 with pip, or use --engine llama`,
      { cause: error },
    )
  }
  const check = new ProgressMeter({ phase: 'verify', file: about }, wanted.bytes, onProgress)
  const actual = await sha256Of(path, signal, (bytes) => check.update(bytes))
  if (actual !== wanted.sha256) {
    const advice = 'nothing was installed; look at what your package index delivers'
    throw new OuroborosError('E_CHECKSUM', `${basename(path)} arrived with sha256 ${actual} instead of ${wanted.sha256}: ${advice}`)
  }
  return path
}
