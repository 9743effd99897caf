import koffi from 'koffi'
import { WEIGHTS, type Weight } from './dequantize.ts'

/** Weights of `experts` times `rows` rows of k elements, in ggml's layout. */
export interface Matrix {
  name: Weight
  rows: number
  k: number
  experts: number
  bytes: Uint8Array
}

/** Repeatable whole numbers below 2^32. */
export function randomBits(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return (t ^ (t >>> 14)) >>> 0
  }
}

type Size = 'usual' | 'zero' | 'subnormal' | 'large'
const SIZES: Size[] = ['usual', 'zero', 'subnormal', 'large']

/** Any quants; the rows' scales are of any size, usual, all zero, subnormal, large, and so on. */
export function randomMatrix(name: Weight, rows: number, k: number, seed: number, experts = 1): Matrix {
  const { unit, bytes, halves } = WEIGHTS[name]
  const bits = randomBits(seed)
  const all = new Uint8Array((experts * rows * k * bytes) / unit)
  for (let i = 0; i < all.length; i++) all[i] = bits()
  const view = new DataView(all.buffer)
  const perRow = k / unit
  for (let block = 0; block < all.length / bytes; block++) {
    const size = SIZES[(Math.floor(block / perRow) % 5) - 1] ?? (SIZES[bits() % 4] as Size)
    for (const at of halves) view.setUint16(block * bytes + at, (bits() & 0x83ff) | (exponent(size, 5, 13, 25, 30, bits) << 10), true)
    if (name === 'BF16') view.setUint16(2 * block, (bits() & 0x807f) | (exponent(size, 110, 130, 135, 140, bits) << 7), true)
    if (name === 'F32') view.setUint32(4 * block, (bits() & 0x807fffff) | (exponent(size, 110, 130, 135, 140, bits) << 23), true)
    if (size === 'zero') {
      if (unit === 1) all.fill(0, block * bytes, block * bytes + bytes)
      for (const at of halves) view.setUint16(block * bytes + at, bits() & 0x8000, true)
    }
  }
  return { name, rows, k, experts, bytes: all }
}

function exponent(size: Size, usual: number, aboveUsual: number, large: number, most: number, bits: () => number): number {
  if (size === 'usual') return usual + (bits() % (aboveUsual - usual))
  return size === 'large' ? large + (bits() % (most - large + 1)) : 0
}

/** Columns of k activations: usual ones, zeros, tiny, huge, with outliers, and blocks of all sizes. */
export function randomActivations(k: number, columns: number, seed: number): Float32Array {
  const bits = randomBits(seed)
  const usual = () => (bits() / 2 ** 32 - 0.5) * (bits() / 2 ** 30)
  const kinds: ((i: number) => number)[] = [
    usual,
    () => 0,
    () => usual() * 1e-35,
    () => usual() * 1e30,
    () => usual() * (bits() % 40 === 0 ? 5000 : 1),
    (i) => usual() * 10 ** ((i >> 5) % 9 === 8 ? -32 : (i >> 5) % 9 === 3 ? 20 : -(i >> 5) % 3),
    () => (bits() % 255) - 127,
  ]
  return Float32Array.from({ length: k * columns }, (_, i) => {
    const column = Math.floor(i / k)
    return (kinds[column % 10] ?? usual)(i % k)
  })
}

interface ProductOptions {
  threads?: number
  /** Calls that hand the weights over. */
  parts?: number
  /** Activation columns that a token has. */
  columns?: number
  /** Experts of each token, `used` of them. */
  ids?: Int32Array
  used?: number
}

const PROTOTYPE =
  'int ouroboros_test_matmul(int type, int64_t rows, int64_t k, int64_t row_bytes, int64_t experts, const void *weights, int64_t parts, int64_t n, int64_t columns, const void *activations, int64_t used, const void *ids, int threads, void *out)'

/** Has the next products with so many rows of weights computed in these panels of 16 only, until 0 rows are given. */
export function loadVocabulary(file: string): (rows: number, panels: Int32Array) => void {
  const call = koffi.load(file).func('void ouroboros_vocabulary(int64_t rows, const int32_t *panels, int32_t count)')
  return (rows, panels) => call(rows, panels, panels.length)
}

/** The products of a compiled kernel library. */
export type Multiply = (matrix: Matrix, activations: Float32Array, options?: ProductOptions) => Float32Array

export function loadMultiply(file: string): Multiply {
  const call = koffi.load(file).func(PROTOTYPE)
  return ({ name, rows, k, experts, bytes }, activations, { threads = 1, parts = 1, columns = 1, ids, used = 1 } = {}) => {
    const { type, unit, bytes: block } = WEIGHTS[name]
    const tokens = activations.length / k / columns
    // What is not written stays NaN.
    const out = new Float32Array(tokens * (ids ? used : columns) * rows).fill(Number.NaN)
    const rowBytes = (k / unit) * block
    const result = call(type, rows, k, rowBytes, experts, bytes, parts, tokens, columns, activations, used, ids ?? null, threads, out)
    if (result === -2) throw new Error(`${name}: bits depend on how weights are asked for, or on who quantizes what`)
    if (result !== 0) throw new Error(`no kernel for ${name} with rows of ${k}`)
    return out
  }
}
