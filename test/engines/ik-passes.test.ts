import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { widenPasses } from '../../src/engines/ik-passes.ts'

/** The places of ik_llama.cpp's two files that are known, twice where the sources have another version of a kernel for other processors. */
const K_QUANTS = `
template <int nrc_y>
static void mul_mat_q4_k_r4_q8_k(int n, const void * vx, size_t bx, const DataInfo& info, int nrc_x) {
    for (int ix = 0; ix < nrc_x; ix += 4) { q4 }
}
template <int nrc_y>
static void mul_mat_q5_k_r4_q8_k(int n, const void * vx, size_t bx, const DataInfo& info, int nrc_x) {
    for (int ix = 0; ix < nrc_x; ix += 4) { q5 }
}
template <int nrc_y>
static void mul_mat_q6_k_r4_q8_k(int n, const void * vx, size_t bx, const DataInfo& info, int nrc_x) {
    for (int ix = 0; ix < nrc_x; ix += 4) { q6 }
}
`
const LEGACY_QUANTS = `
template <int nrc_y>
static void mul_mat_q4_0_r8_q8_2_avx2(int n, const void * vx) {
    for (int ib4 = 0; ib4 < nb/4; ++ib4) { narrow }
}
    const block_iq4_nl_r8 * iq4h = (const block_iq4_nl_r8 *)((const char *)vx + (ix+8)*bx);
    for (int ib4 = 0; ib4 < nb/4; ++ib4) { q4 }
    for (int ib4 = 0; ib4 < nb/4; ++ib4) { narrow }
    const block_q8_0_r8 * q8h = (const block_q8_0_r8 *)((const char *)vx + (ix+8)*bx);
    for (int ib4 = 0; ib4 < nb/4; ++ib4) { q8 }
`

async function sources(kQuants: string): Promise<{ root: string; read: (file: string) => Promise<string> }> {
  const root = await mkdtemp(join(tmpdir(), 'ik-passes-'))
  const folder = join(root, 'ggml/src/iqk')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'iqk_gemm_kquants.cpp'), kQuants)
  await writeFile(join(folder, 'iqk_gemm_legacy_quants.cpp'), LEGACY_QUANTS)
  return { root, read: (file) => readFile(join(folder, file), 'utf8') }
}

test('the wide kernels are included and called before the loops that they shorten', async () => {
  const { root, read } = await sources(K_QUANTS)
  await widenPasses(root)
  const lines = (text: string) => text.split('\n').map((line) => line.trim())
  expect(lines(await read('iqk_gemm_kquants.cpp')).filter((line) => /include|first/.test(line))).toEqual([
    '#include "ik-passes.h"',
    'int first = 0;',
    'if constexpr (nrc_y > 1) first = mul_mat_q4_k_r4_q8_k_512<nrc_y>(n, vx, bx, info, nrc_x);',
    'for (int ix = first; ix < nrc_x; ix += 4) { q4 }',
    'int first = 0;',
    'if constexpr (nrc_y > 1) first = mul_mat_q6_k_r4_q8_k_512<nrc_y>(n, vx, bx, info, nrc_x);',
    'for (int ix = first; ix < nrc_x; ix += 4) { q6 }',
  ])
  expect(lines(await read('iqk_gemm_legacy_quants.cpp')).filter((line) => /include|prefetch/.test(line))).toEqual([
    '#include "ik-passes.h"',
    'prefetch_two_512(iq4l + 4*ib4, iq4h + 4*ib4, 4*sizeof(block_iq4_nl_r8), 16*bx); q4 }',
    'prefetch_two_512(q8l + 4*ib4, q8h + 4*ib4, 4*sizeof(block_q8_0_r8), 16*bx); q8 }',
  ])
  const header = await read('ik-passes.h')
  for (const name of ['mul_mat_q4_k_r4_q8_k_512', 'mul_mat_q6_k_r4_q8_k_512', 'prefetch_two_512']) expect(header).toContain(`${name}(`)
})

test('other sources are refused', async () => {
  const { root } = await sources(K_QUANTS.replace('mul_mat_q6_k_r4_q8_k', 'mul_mat_q6_k_r8'))
  await expect(widenPasses(root)).rejects.toThrow(
    expect.objectContaining({ code: 'E_ENGINE', message: expect.stringContaining('iqk_gemm_kquants.cpp is not the one') }),
  )
})
