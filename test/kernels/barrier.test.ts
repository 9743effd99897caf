import koffi from 'koffi'
import { expect, it } from 'vitest'
import { buildKernels, isas } from './build.ts'

const [isa] = isas()

it.skipIf(!isa || process.platform !== 'linux')(
  'threads leave a barrier when all have come to it, as many as there are and however late one is',
  async () => {
    const test = koffi
      .load(await buildKernels(isa as 'avx2'))
      .func('int32_t ouroboros_test_barrier(int32_t threads, int32_t rounds, int32_t pause)')
    // Late by so many loops: long enough that the others sleep.
    for (const [threads, rounds] of [
      [1, 100],
      [2, 20_000],
      [4, 4000],
      [16, 500],
    ]) {
      expect(test(threads, rounds, 300_000), `${threads} threads`).toBe(0)
    }
  },
  300_000,
)
