import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { OuroborosError } from '../core/errors.ts'

/** Of this package: the C++ that is included. */
const HEADER = fileURLToPath(new URL('../../native/ik-passes.h', import.meta.url))
const KERNELS = 'ggml/src/iqk'
const K_QUANTS = 'iqk_gemm_kquants.cpp'
const LEGACY_QUANTS = 'iqk_gemm_legacy_quants.cpp'

/** In `file`, behind the first `within`, behind the first `text` there: `by` in its place. */
interface Edit {
  readonly file: string
  readonly within: string
  readonly text: string
  readonly by: string
}

const EDITS: readonly Edit[] = [
  include(K_QUANTS, 'mul_mat_q4_k_r4_q8_k'),
  widen('mul_mat_q4_k_r4_q8_k'),
  widen('mul_mat_q6_k_r4_q8_k'),
  include(LEGACY_QUANTS, 'mul_mat_q4_0_r8_q8_2_avx2'),
  prefetch('block_iq4_nl_r8', ['iq4l', 'iq4h']),
  prefetch('block_q8_0_r8', ['q8l', 'q8h']),
]

/**
 * Makes passes over two and more tokens faster in ik_llama.cpp's sources, with the same bits: wider registers for Q4_K and Q6_K,
 * memory asked for ahead for these, Q8_0 and Q4_0 (ARCHITECTURE.md has the figures). Throws E_ENGINE if they are other sources.
 */
export async function widenPasses(source: string): Promise<void> {
  const folder = join(source, KERNELS)
  await copyFile(HEADER, join(folder, basename(HEADER)))
  for (const file of new Set(EDITS.map((edit) => edit.file))) {
    const path = join(folder, file)
    const edits = EDITS.filter((edit) => edit.file === file)
    await writeFile(path, edits.reduce(apply, await readFile(path, 'utf8')))
  }
}

function apply(source: string, { file, within, text, by }: Edit): string {
  const start = source.indexOf(within)
  const at = start < 0 ? -1 : source.indexOf(text, start)
  if (at < 0)
    throw new OuroborosError('E_ENGINE', `${file} is not the one that this package knows: it lacks "${start < 0 ? within : text}"`)
  return source.slice(0, at) + by + source.slice(at + text.length)
}

function include(file: string, before: string): Edit {
  const text = `template <int nrc_y>\nstatic void ${before}(int n,`
  return { file, within: text, text, by: `#include "${basename(HEADER)}"\n\n${text}` }
}

/** The loop over rows begins where the wide kernel has stopped. */
function widen(kernel: string): Edit {
  return {
    file: K_QUANTS,
    within: `static void ${kernel}(int n,`,
    text: 'for (int ix = 0; ix < nrc_x; ix += 4) {',
    by: `int first = 0;
#ifdef HAVE_FANCY_SIMD
    if constexpr (nrc_y > 1) first = ${kernel}_512<nrc_y>(n, vx, bx, info, nrc_x);
#endif
    for (int ix = first; ix < nrc_x; ix += 4) {`,
  }
}

function prefetch(block: string, [low, high]: readonly [string, string]): Edit {
  const loop = 'for (int ib4 = 0; ib4 < nb/4; ++ib4) {'
  return {
    file: LEGACY_QUANTS,
    within: `const ${block} * ${high} =`,
    text: loop,
    by: `${loop}
                prefetch_two_512(${low} + 4*ib4, ${high} + 4*ib4, 4*sizeof(${block}), 16*bx);`,
  }
}
