import koffi from 'koffi'
import { expect, it } from 'vitest'
import { buildKernels, isas } from './build.ts'

const [isa] = isas()
const MIB = 2 ** 20

it.skipIf(!isa || process.platform !== 'linux')(
  'large memory of the backend begins where a huge page may, small at a line of the cache',
  async () => {
    const library = koffi.load(await buildKernels(isa as 'avx2'))
    const allocate = library.func('void * ggml_aligned_malloc(size_t size)')
    const free = koffi.load('libc.so.6').func('void free(void * memory)')
    for (const [size, alignment] of [
      [1, 64],
      [MIB, 64],
      [4 * MIB, 2 * MIB],
      [9 * MIB + 1, 2 * MIB],
    ] as const) {
      const memory = allocate(size)
      expect(koffi.address(memory) % BigInt(alignment), `${size} bytes`).toBe(0n)
      koffi.encode(memory, size - 1, 'uint8_t', 7)
      expect(koffi.decode(memory, size - 1, 'uint8_t')).toBe(7)
      free(memory)
    }
    expect(allocate(0)).toBeNull()
    expect(allocate(2 ** 52)).toBeNull()
  },
)
