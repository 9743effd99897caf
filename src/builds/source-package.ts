import { basename } from 'node:path'
import { OuroborosError } from '../core/errors.ts'
import { sha256Of } from '../models/checksum.ts'
import type { BuildJob } from './build-folder.ts'

/** A package that carries sources, known to the byte. */
export interface SourcePackage {
  readonly name: string
  readonly version: string
  readonly bytes: number
  /** Lower-case hex. */
  readonly sha256: string
}

/** Downloads a package; returns its file once the checksum is right. Throws `E_DOWNLOAD`, `E_CHECKSUM`, `E_PLATFORM`. */
export async function fetchSourcePackage(wanted: SourcePackage, job: BuildJob, download: () => Promise<string>): Promise<string> {
  const about = `${wanted.name} ${wanted.version}`
  job.onStage?.(`downloading ${about} (${Math.round(wanted.bytes / 1e6)} MB)`)
  const path = await download().catch((cause: Error) => {
    job.signal.throwIfAborted()
    if (cause instanceof OuroborosError && cause.code !== 'E_ENGINE') throw cause
    throw new OuroborosError('E_DOWNLOAD', `cannot download the package ${about}: ${cause.message}`, { cause })
  })
  const actual = await sha256Of(path, job.signal, () => {})
  if (actual !== wanted.sha256) {
    const advice = 'nothing was built; look at what your package index delivers'
    throw new OuroborosError('E_CHECKSUM', `${basename(path)} arrived with sha256 ${actual} instead of ${wanted.sha256}: ${advice}`)
  }
  return path
}
