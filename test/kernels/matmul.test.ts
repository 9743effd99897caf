import koffi from 'koffi'
import { beforeAll, describe, expect, it } from 'vitest'
import { nativeFiles } from '../../src/llama/platform.ts'
import { buildKernels, isas } from './build.ts'
import { dequantize, quantizeActivations, WEIGHTS, type Weight } from './dequantize.ts'
import { loadMultiply, loadVocabulary, type Matrix, type Multiply, randomActivations, randomBits, randomMatrix } from './products.ts'

const NAMES = Object.keys(WEIGHTS) as Weight[]

describe('the reference', () => {
  const base = koffi.load(nativeFiles().base)
  it.each(NAMES.filter((name) => name !== 'F32'))('reads %s as ggml does', (name) => {
    const quantized = `dequantize_row_${name.toLowerCase().replace('_k', '_K')}`
    const theirName = { F16: 'ggml_fp16_to_fp32_row', BF16: 'ggml_bf16_to_fp32_row' }[name as string] ?? quantized
    const { bytes } = randomMatrix(name, 10, 1024, 3)
    const theirs = new Float32Array(10 * 1024)
    base.func(`void ${theirName}(const void *x, void *y, int64_t k)`)(bytes, theirs, theirs.length)
    const ours = dequantize(name, bytes)
    // Theirs are rounded to floats on the way.
    const { unit } = WEIGHTS[name]
    for (let i = 0; i < ours.length; i += unit) {
      const block = ours.subarray(i, i + unit)
      const most = block.reduce((a, b) => Math.max(a, Math.abs(b)), 0)
      expect(block.reduce((a, b, j) => Math.max(a, Math.abs(b - (theirs[i + j] as number))), 0)).toBeLessThanOrEqual(4e-7 * most)
    }
  })
})

const SETS = isas()
const kernels = new Map<string, Multiply>()

describe.skipIf(SETS.length === 0)('products with weights in panels', () => {
  beforeAll(async () => {
    const files = await Promise.all(SETS.map((isa) => buildKernels(isa)))
    for (const [i, isa] of SETS.entries()) kernels.set(isa, loadMultiply(files[i] as string))
  }, 300_000)

  describe.each(NAMES)('%s', (name) => {
    const { unit, shared } = WEIGHTS[name]
    const lengths = unit === 256 ? [256, 768, 1280] : unit === 32 ? [32, 96, 160, 320] : [1, 5, 63, 65, 100, 256]

    it('are those of double precision with the same whole numbers, and close to those of the activations', () => {
      const wrong: string[] = []
      for (const [i, k] of lengths.entries())
        for (const [j, rows] of [1, 7, 16, 17, 100].entries()) {
          const matrix = randomMatrix(name, rows, k, 100 * i + j)
          const activations = randomActivations(k, 13, k + rows)
          const options = { threads: 1 + ((i + j) % 4), parts: 1 + (j % 3) }
          for (const [isa, multiply] of kernels)
            wrong.push(...errors(matrix, activations, shared, multiply(matrix, activations, options)).map((text) => `${isa}: ${text}`))
        }
      expect(wrong).toEqual([])
    })

    it('have the same bits for every number of columns, place, number of threads and instruction set', () => {
      const [rows, k] = [37, unit === 1 ? 130 : unit === 32 ? 160 : 512]
      const matrix = randomMatrix(name, rows, k, 7)
      const activations = randomActivations(k, 130, 8)
      const whole = [...kernels.values()][0]?.(matrix, activations) as Float32Array
      const wrong: string[] = []
      for (const [isa, multiply] of kernels)
        for (const n of [...Array.from({ length: 65 }, (_, i) => i + 1), 130])
          for (const from of new Set([0, (7 * n) % (131 - n)])) {
            const threads = 1 + (n % 4)
            const columns = n % 5 === 0 ? 5 : 1
            const out = multiply(matrix, activations.slice(from * k, (from + n) * k), { threads, columns, parts: n === 9 ? 4 : 1 })
            if (!sameBits(out, whole.subarray(from * rows, (from + n) * rows)))
              wrong.push(`${isa}: ${n} columns from ${from}, ${threads} threads`)
          }
      expect(wrong).toEqual([])
    })

    it('leave out rows that a draft vocabulary has not: the others keep their bits', async () => {
      const [rows, k, columns] = [85, unit === 1 ? 130 : unit === 32 ? 160 : 512, 11]
      const matrix = randomMatrix(name, rows, k, 17)
      const activations = randomActivations(k, columns, 18)
      const panels = Int32Array.of(0, 5, 2) // the sixth one has five rows
      for (const isa of SETS) {
        const multiply = kernels.get(isa) as Multiply
        const vocabulary = loadVocabulary(await buildKernels(isa))
        const whole = multiply(matrix, activations)
        for (const threads of [1, 3]) {
          vocabulary(rows, panels)
          const some = multiply(matrix, activations, { threads })
          vocabulary(rows + 1, panels)
          const other = multiply(matrix, activations, { threads })
          vocabulary(0, panels)
          const expected = whole.map((value, i) => (panels.includes(Math.floor((i % rows) / 16)) ? value : Math.fround(-1e9)))
          expect(sameBits(some, expected), `${isa}, ${threads} threads`).toBe(true)
          expect(sameBits(other, whole), `${isa}: other weights`).toBe(true)
        }
      }
    })

    it('with experts have the bits of products with each expert alone', () => {
      const [rows, k, experts, tokens] = [18, Math.max(unit, 64), 6, 90]
      const matrix = randomMatrix(name, rows, k, 9, experts)
      const size = matrix.bytes.length / experts
      const alone = (e: number): Matrix => ({ ...matrix, experts: 1, bytes: matrix.bytes.slice(e * size, (e + 1) * size) })
      const wrong: string[] = []
      for (const used of [1, 2, 4])
        for (const columns of new Set([1, used])) {
          const activations = randomActivations(k, tokens * columns, used)
          const ids = skewedExperts(tokens, used, experts)
          const expected = new Float32Array(tokens * used * rows)
          for (let e = 0; e < experts; e++) {
            const all = [...kernels.values()][0]?.(alone(e), activations) as Float32Array
            for (const [place, id] of ids.entries()) {
              const column = Math.floor(place / used) * columns + ((place % used) % columns)
              if (id === e) expected.set(all.subarray(column * rows, (column + 1) * rows), place * rows)
            }
          }
          for (const [isa, multiply] of kernels)
            for (const threads of [1, 2, 3, 4])
              if (!sameBits(multiply(matrix, activations, { threads, columns, ids, used, parts: threads }), expected))
                wrong.push(`${isa}: ${used} experts a token, ${columns} columns, ${threads} threads`)
        }
      expect(wrong).toEqual([])
    })
  })

  it('refuse weights whose rows are not whole blocks', () => {
    const matrix = randomMatrix('Q4_K', 2, 512, 1)
    for (const multiply of kernels.values())
      expect(() => multiply({ ...matrix, k: 320 }, randomActivations(320, 1, 1))).toThrow(/no kernel/)
  })
})

/** Outputs that lie too far from the reference; sums that a float cannot hold are let be. */
function errors({ name, rows, k, bytes }: Matrix, activations: Float32Array, shared: number, out: Float32Array): string[] {
  const wrong: string[] = []
  const weights = dequantize(name, bytes)
  for (let c = 0; c < activations.length / k; c++) {
    const x = activations.slice(c * k, (c + 1) * k)
    const { values, scales } = quantizeActivations(x, shared)
    for (let r = 0; r < rows; r++) {
      let [sum, exact, size, rounding] = [0, 0, 0, 0]
      for (let i = 0; i < k; i++) {
        const w = weights[r * k + i] as number
        const product = w * (values[i] as number)
        sum += product
        size += Math.abs(product)
        exact += w * (x[i] as number)
        // Half a step; activations below 1e-30 become 0.
        rounding += shared && Math.abs(w) * (0.501 * (scales[i] as number) + 1e-30)
      }
      if (size > 1e34) continue
      const got = out[c * rows + r] as number
      const apart = Math.abs(got - sum)
      if (!(apart <= 1e-5 * size + 1e-36))
        wrong.push(`${rows} rows of ${k}, row ${r}, column ${c}: ${got} instead of ${sum}, sizes ${size}`)
      if (!(Math.abs(got - exact) <= rounding + 1e-5 * size + 1e-36))
        wrong.push(`${rows} rows of ${k}, row ${r}, column ${c}: ${got}, exactly ${exact}`)
    }
  }
  return wrong.slice(0, 3)
}

/** Different experts for each token: the second for almost all, the last for none. */
function skewedExperts(tokens: number, used: number, experts: number): Int32Array {
  const bits = randomBits(tokens + used)
  const ids = new Int32Array(tokens * used)
  for (let t = 0; t < tokens; t++) {
    const left = Array.from({ length: experts - 1 }, (_, e) => e)
    for (let u = 0; u < used; u++) {
      const at = u === 0 && t % 8 !== 0 ? 1 : bits() % left.length
      ids[t * used + u] = left.splice(at, 1)[0] as number
    }
  }
  return ids
}

const sameBits = (a: Float32Array, b: Float32Array): boolean =>
  Buffer.from(a.buffer, a.byteOffset, a.byteLength).equals(Buffer.from(b.buffer, b.byteOffset, b.byteLength))
