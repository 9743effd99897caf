import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { diskFull } from './disk-space.ts'
import { unusable } from './home.ts'

/**
 * A file being downloaded, under a name of its own until it is whole. Its length alone says what is had,
 * so that any source can go on where another one, or an earlier pull, ended.
 */
export class PartialFile {
  readonly path: string
  readonly finalPath: string
  readonly #handle: FileHandle
  #length: number

  private constructor(finalPath: string, path: string, handle: FileHandle, length: number) {
    this.finalPath = finalPath
    this.path = path
    this.#handle = handle
    this.#length = length
  }

  /** Goes on with what an earlier pull left. */
  static async open(finalPath: string): Promise<PartialFile> {
    const path = `${finalPath}.partial`
    try {
      // 'a+' would ignore positions; 'r+' does not create.
      const handle = await open(path, 'r+').catch((error) => (error.code === 'ENOENT' ? open(path, 'w+') : Promise.reject(error)))
      return new PartialFile(finalPath, path, handle, (await handle.stat()).size)
    } catch (error) {
      throw unusable(dirname(finalPath), error)
    }
  }

  get folder(): string {
    return dirname(this.path)
  }

  get length(): number {
    return this.#length
  }

  /** `E_SPACE` if the disk is full. */
  async append(chunk: Uint8Array): Promise<void> {
    try {
      for (let written = 0; written < chunk.length; ) {
        const { bytesWritten } = await this.#handle.write(chunk, written, chunk.length - written, this.#length)
        written += bytesWritten
        this.#length += bytesWritten
      }
    } catch (error) {
      throw diskFull(this.folder, error) ?? error
    }
  }

  async truncate(length: number): Promise<void> {
    await this.#handle.truncate(length)
    this.#length = length
  }

  /** The file is whole: gives it its final name. */
  async finish(): Promise<void> {
    // Otherwise a power failure could leave half a file under the final name.
    await this.#handle.sync()
    await this.#handle.close()
    await rename(this.path, this.finalPath)
  }

  async discard(): Promise<void> {
    await this.truncate(0)
    await this.close()
  }

  /** Keeps what is had. Idempotent. */
  async close(): Promise<void> {
    await this.#handle.close()
    if (this.#length === 0) await rm(this.path, { force: true })
  }
}
