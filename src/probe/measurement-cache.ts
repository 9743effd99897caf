import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { dirname, join } from 'node:path'
import { library } from '../llama/library.ts'
import type { LlamaModelOptions } from '../llama/model.ts'
import { homeFolder } from '../models/home.ts'

/** A file of measurements in the cache folder, one value a key. Best effort: without it the next load measures again. */
export class MeasurementCache<T> {
  readonly #file: string

  /** `name`: of the JSON file. */
  constructor(name: string) {
    this.#file = join(homeFolder(), name)
  }

  get(key: string): T | undefined {
    return this.#all()[key]
  }

  set(key: string, value: T | undefined): void {
    try {
      mkdirSync(dirname(this.#file), { recursive: true })
      const temporary = `${this.#file}.${process.pid}`
      writeFileSync(temporary, JSON.stringify({ ...this.#all(), [key]: value }, null, 1))
      renameSync(temporary, this.#file)
    } catch {
      // an unwritable cache folder costs seconds, not correctness
    }
  }

  #all(): Record<string, T> {
    try {
      return JSON.parse(readFileSync(this.#file, 'utf8'))
    } catch {
      return {} // absent or damaged: measured again
    }
  }
}

/** What bits and seconds of a pass depend on: machine, library, model file, settings. */
export function measurementKey(file: string, options: LlamaModelOptions): string {
  const { size, mtimeMs } = statSync(file)
  const { onProgress: _, sessions: __, contextLength: ___, library: ____, ...settings } = options
  const native = library(options.library)
  return JSON.stringify([
    8,
    cpus()[0]?.model,
    availableParallelism(),
    native.version,
    native.file,
    native.kernels.id,
    file,
    size,
    mtimeMs,
    settings,
  ])
}
