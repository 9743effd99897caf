import koffi from 'koffi'
import { beforeAll, describe, expect, it } from 'vitest'
import { buildKernels, isas } from './build.ts'
import { randomActivations } from './products.ts'

const [ADD, GLU, REGLU, SWIGLU] = [2, 100, 0, 2]
const SETS = isas()

interface Operation {
  op: number
  kind?: number
  k: number
  first: Float32Array
  /** Absent: the first has both operands in each row. */
  second?: Float32Array
  swapped?: boolean
}
type Compute = (operation: Operation, threads?: number) => Float32Array
const kernels = new Map<string, Compute>()

const PROTOTYPE =
  'int ouroboros_test_elements(int op, int kind, int64_t k, int64_t rows, const void *first, const void *second, int64_t second_rows, int swapped, int threads, void *out)'

function load(file: string): Compute {
  const call = koffi.load(file).func(PROTOTYPE)
  return ({ op, kind = 0, k, first, second, swapped = false }, threads = 1) => {
    const rows = first.length / (second ? k : 2 * k)
    const out = new Float32Array(rows * k).fill(Number.NaN)
    if (call(op, kind, k, rows, first, second ?? null, (second?.length ?? 0) / k, swapped ? 1 : 0, threads, out) !== 0)
      throw new Error('no kernel')
    return out
  }
}

/** Columns of all sizes, huge ones included: at most 1e30, so that nothing overflows. */
const numbers = (k: number, rows: number, seed: number) => randomActivations(k, rows, seed).map((x) => Math.max(-1e30, Math.min(1e30, x)))
const swiglu = (x: number, gate: number) => (x / (1 + Math.exp(-x))) * gate
const bits = (values: Float32Array) => new Uint32Array(values.buffer, values.byteOffset, values.length)

describe.skipIf(SETS.length === 0)('operations on elements', () => {
  beforeAll(async () => {
    for (const isa of SETS) kernels.set(isa, load(await buildKernels(isa)))
  }, 300_000)

  it('add as one rounds, with rows that repeat', () => {
    for (const k of [1, 15, 16, 17, 100])
      for (const repeat of [1, 3, 6]) {
        const [first, second] = [numbers(k, 6, k), numbers(k, 6 / repeat, 3)]
        const expected = first.map((x, i) => Math.fround(x + (second[i % second.length] as number)))
        for (const [isa, compute] of kernels)
          expect(bits(compute({ op: ADD, k, first, second }, 3)), `${isa}, ${k}`).toEqual(bits(expected))
      }
  })

  it('gate within three units in the last place, from two tensors or one, in either order', () => {
    for (const k of [1, 16, 33, 250]) {
      const [x, gate] = [numbers(k, 11, k), numbers(k, 11, k + 1).map((value) => Math.sign(value) * Math.min(1, Math.abs(value)))]
      for (let i = 0; i < x.length; i += 3) x[i] = (x[i] as number) % 90
      const joined = (one: Float32Array, other: Float32Array) =>
        Float32Array.from({ length: 2 * one.length }, (_, i) => {
          const [row, at] = [Math.floor(i / (2 * k)), i % (2 * k)]
          return (at < k ? one[row * k + at] : other[row * k + at - k]) as number
        })
      const expected = x.map((value, i) => Math.fround(swiglu(value, gate[i] as number)))
      for (const compute of kernels.values()) {
        const out = compute({ op: GLU, kind: SWIGLU, k, first: x, second: gate })
        for (const [i, value] of out.entries()) {
          // Below e^-87 it is 0.
          const error = Math.abs(value - (expected[i] as number))
          if (error > 4e-7 * Math.abs(expected[i] as number) + 1e-35) expect.fail(`${x[i]} by ${gate[i]}: ${value}, not ${expected[i]}`)
        }
        expect(bits(compute({ op: GLU, kind: SWIGLU, k, first: joined(x, gate) }))).toEqual(bits(out))
        expect(bits(compute({ op: GLU, kind: SWIGLU, k, first: joined(gate, x), swapped: true }))).toEqual(bits(out))
      }
    }
  })

  it('have the same bits for every number of rows and threads and every instruction set', () => {
    const [k, rows] = [203, 9]
    const [first, second] = [numbers(k, rows, 5), numbers(k, rows, 6)]
    for (const [op, kind] of [
      [ADD, 0],
      [GLU, SWIGLU],
    ] as const) {
      const whole = [...kernels.values()][0]?.({ op, kind, k, first, second }) as Float32Array
      for (const [isa, compute] of kernels)
        for (const threads of [1, 2, 5, 64]) {
          expect(bits(compute({ op, kind, k, first, second }, threads)), `${isa}, ${threads} threads`).toEqual(bits(whole))
          const row = (values: Float32Array) => values.slice(4 * k, 5 * k)
          expect(bits(compute({ op, kind, k, first: row(first), second: row(second) }, threads)), `${isa}, one row`).toEqual(
            bits(row(whole)),
          )
        }
    }
  })

  it('are only those that are asked for: another gate is left to ggml', () => {
    for (const compute of kernels.values())
      expect(() => compute({ op: GLU, kind: REGLU, k: 4, first: numbers(4, 1, 1), second: numbers(4, 1, 2) })).toThrow('no kernel')
  })
})
