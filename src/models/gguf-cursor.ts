import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { OuroborosError } from '../core/errors.ts'

const WINDOW = 1 << 20
const LONGEST_STRING = 1 << 24

/** Reads little-endian values from a file's beginning onwards. Never allocates more than the file can fill. */
export class GgufCursor {
  readonly path: string
  readonly size: number
  readonly #descriptor: number
  #window: Buffer = Buffer.alloc(0)
  /** File position of the window's first byte. */
  #start = 0
  #at = 0

  /** `E_FILE` if the file cannot be opened. */
  constructor(path: string) {
    this.path = path
    try {
      this.#descriptor = openSync(path, 'r')
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      throw new OuroborosError('E_FILE', code === 'ENOENT' ? `no such file: ${path}` : `cannot read ${path} (${code})`, { cause: error })
    }
    const stat = fstatSync(this.#descriptor)
    if (!stat.isFile()) {
      closeSync(this.#descriptor)
      throw new OuroborosError('E_FILE', `not a file: ${path}`)
    }
    this.size = stat.size
  }

  close(): void {
    closeSync(this.#descriptor)
  }

  /** Bytes read so far. */
  get position(): number {
    return this.#start + this.#at
  }

  get remaining(): number {
    return this.size - this.position
  }

  fail(what: string): never {
    throw new OuroborosError('E_GGUF', `${this.path}: ${what}`)
  }

  /** The next `bytes` bytes; valid until the next call. */
  take(bytes: number): Buffer {
    if (bytes > this.remaining) this.fail(`cut off inside its header (${this.size} bytes); download it again`)
    if (this.#at + bytes > this.#window.length) this.#refill(bytes)
    this.#at += bytes
    return this.#window.subarray(this.#at - bytes, this.#at)
  }

  uint32(): number {
    return this.take(4).readUInt32LE()
  }

  uint64(): bigint {
    return this.take(8).readBigUInt64LE()
  }

  /** A 64-bit count of things that take at least `least` bytes each: more than the file can hold is refused. */
  count(what: string, most: number, least: number): number {
    const value = this.uint64()
    if (value > BigInt(most)) this.fail(`absurd ${what}: ${value} (at most ${most}); the header is broken`)
    if (Number(value) * least > this.remaining) this.fail(`${what} of ${value} does not fit into the file; it is broken or cut off`)
    return Number(value)
  }

  string(): string {
    return this.take(this.count('string length', LONGEST_STRING, 1)).toString('utf8')
  }

  #refill(bytes: number): void {
    const start = this.position
    const window = Buffer.allocUnsafe(Math.min(Math.max(bytes, WINDOW), this.size - start))
    let filled = 0
    while (filled < window.length) {
      const read = readSync(this.#descriptor, window, filled, window.length - filled, start + filled)
      if (read === 0) this.fail('shrank while it was read')
      filled += read
    }
    this.#window = window
    this.#start = start
    this.#at = 0
  }
}
