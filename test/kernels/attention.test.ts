import { createHash } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { Attention, type Layout, makeText, numbers, reference, type Setup, shuffled, type Text } from './attention-texts.ts'
import { buildKernels, isas } from './build.ts'

const kernels = new Map<string, Attention>()
const SETS = isas()

beforeAll(async () => {
  const files = await Promise.all(SETS.map((isa) => buildKernels(isa)))
  for (const [i, isa] of SETS.entries()) kernels.set(isa, new Attention(files[i] as string))
}, 300_000)

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i)
/** A short name for the bits of rows: equal where every bit is. */
function bitsOf(rows: readonly Float32Array[]): string[] {
  return rows.map((row) =>
    createHash('md5')
      .update(new Uint8Array(row.buffer, row.byteOffset, row.byteLength))
      .digest('base64'),
  )
}
/** One cell a pass, in the text's order. */
const oneByOne = (places: readonly number[]): number[][] => places.map((place) => [place])

const PLAIN: Setup = { types: ['f16', 'f16'], sizes: [128, 128], heads: [12, 2] }
const SETUPS: Record<string, Setup> = {
  'half precision': PLAIN,
  'bfloat16 values': { types: ['f16', 'bf16'], sizes: [64, 64], heads: [14, 2] },
  'bfloat16 keys, quantized values': { types: ['bf16', 'q8_0'], sizes: [96, 96], heads: [4, 4] },
  'quantized keys, float values': { types: ['q8_0', 'f32'], sizes: [256, 256], heads: [8, 1] },
  'float keys': { types: ['f32', 'f16'], sizes: [80, 80], heads: [6, 6] },
  'keys and values of different sizes': { types: ['f16', 'q8_0'], sizes: [192, 128], heads: [4, 1] },
  'a soft cap': { ...PLAIN, cap: 5 },
  sinks: { ...PLAIN, heads: [6, 2], sinks: [-1, 0.5, 2, -30, 8, 0] },
  'attention with linear biases': { ...PLAIN, sizes: [64, 64], heads: [6, 1], bias: 8 },
  'a sliding window': { ...PLAIN, sizes: [64, 80], heads: [6, 2], sees: (t, i) => t - i < 40 },
  'three texts by turns': { ...PLAIN, sizes: [64, 64], sees: (t, i) => (t - i) % 3 === 0 },
  'branches of three tokens': { ...PLAIN, sizes: [64, 64], sees: (t, i) => i < 130 || Math.floor(t / 3) === Math.floor(i / 3) },
  'everything at once': {
    types: ['bf16', 'f16'],
    sizes: [80, 96],
    heads: [7, 1],
    cap: 4,
    bias: 4,
    sees: (t, i) => t - i < 70,
    sinks: numbers(7, 3),
  },
}

/** The rows' bits when every token has a pass of its own in an orderly cache. */
function plainRows(kernel: Attention, setup: Setup, text: Text, from: number, to: number): string[] {
  const places = upTo(to)
  return upTo(to - from).flatMap((i) => {
    const end = from + i + 1
    return bitsOf(kernel.attend(setup, text, end - 1, end, { places, visible: 256, writes: oneByOne(places.slice(0, end)) }))
  })
}

describe.skipIf(SETS.length === 0).each(Object.entries(SETUPS))('attention with %s', (_, setup) => {
  const text = makeText(setup, 150)

  it('agrees with double precision', () => {
    const layout = { places: upTo(150), visible: 160 }
    const expected = reference(setup, text, 120, 150)
    for (const kernel of kernels.values()) {
      const rows = kernel.attend(setup, text, 120, 150, layout)
      const errors = rows.map((row, r) => Math.max(...row.map((value, d) => Math.abs(value - (expected[r]?.[d] ?? Number.NaN)))))
      expect(Math.max(...errors)).toBeLessThan(2e-5)
    }
  })

  it('gives a row the same bits whatever shares its pass and its cache, wherever its cells lie', () => {
    const [first] = kernels.values()
    const expected = plainRows(first as Attention, setup, text, 130, 150)
    const places = shuffled(256, 5)
    for (const kernel of kernels.values())
      for (const [from, to, threads] of [
        [130, 150, 1],
        [130, 131, 3],
        [130, 143, 2],
        [137, 150, 4],
      ] as const) {
        const writes = [places.slice(200), ...oneByOne(places.slice(0, from)), places.slice(from, to)]
        const rows = kernel.attend(setup, text, from, to, { places, visible: 256, writes, threads })
        expect(bitsOf(rows)).toEqual(expected.slice((from - 130) * setup.heads[0], (to - 130) * setup.heads[0]))
      }
  })
})

describe.skipIf(SETS.length === 0)('the order of cells', () => {
  const text = makeText(PLAIN, 60)
  const rows = (layout: Layout) => [...kernels.values()].map((kernel) => bitsOf(kernel.attend(PLAIN, text, 50, 60, layout)))
  let expected: string[]
  beforeAll(() => {
    expected = plainRows([...kernels.values()][0] as Attention, PLAIN, text, 50, 60)
  })

  it('is that of the last writes: cells used again count as new', () => {
    const places = [...shuffled(40, 9).map((cell) => cell + 20), ...upTo(20)]
    const before = [upTo(64), [7, 3, 60], upTo(20).reverse()]
    for (const result of rows({ places, visible: 64, writes: [...before, ...oneByOne(places)] })) expect(result).toEqual(expected)
  })

  it('is by number where no write was seen, and these come first', () => {
    const places = upTo(60)
    for (const result of rows({ places, visible: 64, writes: [upTo(60).slice(40)] })) expect(result).toEqual(expected)
    for (const result of rows({ places, visible: 64 })) expect(result).toEqual(expected)
  })

  it('matters: another order gives other bits', () => {
    const places = shuffled(60, 2)
    for (const result of rows({ places, visible: 64 })) expect(result).not.toEqual(expected)
  })

  it('is kept for each cache apart when passes of two are planned in turn', () => {
    const places = shuffled(64, 4)
    for (const kernel of kernels.values())
      for (const end of [50, 55]) {
        const layout = { places, visible: 64, writes: [places.slice(0, end), places.slice(end, 60)] }
        expect(bitsOf(kernel.attend(PLAIN, text, 50, 60, layout))).toEqual(expected)
        kernel.attend(PLAIN, text, 3, 5, { places: upTo(64), visible: 64, writes: [upTo(64)] })
      }
  })
})

describe.skipIf(SETS.length === 0)('other shapes', () => {
  const [tokens, visible, size] = [3, 40, 64]
  const queries = Float32Array.from(numbers(2 * tokens * 2 * size, 1))
  const keys = Float32Array.from(numbers(3 * visible * size, 2))
  const values = Float32Array.from(numbers(3 * visible * size, 3))
  /** Float keys and values of one shared head in a cache of three streams; the pass has `streams` of them, from `first` on. */
  function call(
    kernel: Attention,
    first: number,
    streams: number,
    q: Float32Array,
    mask: Uint16Array | null,
    masks: [number, number],
    type = 0,
  ) {
    const out = new Float32Array(streams * tokens * 2 * size)
    const shape = [type, 0, size, size, tokens, 2, 1, visible, visible, 3, first, streams, ...masks, 2]
    return { result: kernel.call(shape, [0.125, 0, 0], q, keys, values, mask, null, null, out), out }
  }
  const maskOf = (count: number, seed: number) =>
    Uint16Array.from(numbers(count * tokens * visible, seed), (value) => (value > 0 ? 0 : 0xfc00))

  it('several streams give what each gives alone', () => {
    const mask = maskOf(2, 7)
    const half = queries.length / 2
    for (const kernel of kernels.values()) {
      const both = call(kernel, 1, 2, queries, mask, [1, 2]).out
      const one = call(kernel, 1, 1, queries.slice(0, half), mask.slice(0, tokens * visible), [1, 1]).out
      const two = call(kernel, 2, 1, queries.slice(half), mask.slice(tokens * visible), [1, 1]).out
      expect(both).toEqual(Float32Array.from([...one, ...two]))
    }
  })

  it('a mask for each head masks that head', () => {
    const mask = maskOf(2, 8)
    const part = queries.slice(0, queries.length / 2)
    for (const kernel of kernels.values()) {
      const both = call(kernel, 0, 1, part, mask, [2, 1]).out
      for (const head of [0, 1]) {
        const alone = call(kernel, 0, 1, part, mask.slice(head * tokens * visible, (head + 1) * tokens * visible), [1, 1]).out
        for (let t = 0; t < tokens; t++) {
          const at = (2 * t + head) * size
          expect(both.slice(at, at + size)).toEqual(alone.slice(at, at + size))
        }
      }
    }
  })

  it('no mask is a mask that shows everything, and a token that sees nothing gets zeros', () => {
    const part = queries.slice(0, queries.length / 2)
    const mask = new Uint16Array(tokens * visible)
    for (const kernel of kernels.values()) {
      const all = call(kernel, 0, 1, part, mask, [1, 1]).out
      expect(call(kernel, 0, 1, part, null, [1, 1]).out).toEqual(all)
      const blind = call(kernel, 0, 1, part, Uint16Array.from(mask).fill(0xfc00, visible, 2 * visible), [1, 1]).out
      expect(blind.slice(0, 2 * size)).toEqual(all.slice(0, 2 * size))
      expect(blind.slice(2 * size, 4 * size)).toEqual(new Float32Array(2 * size))
      expect(blind.slice(4 * size)).toEqual(all.slice(4 * size))
      expect(call(kernel, 0, 1, part, Uint16Array.from(mask).fill(0xfc00), [1, 1]).out).toEqual(new Float32Array(all.length))
    }
  })

  it('types without a kernel and threads that want the stock kernel are left to it', () => {
    const part = queries.slice(0, queries.length / 2)
    for (const kernel of kernels.values()) {
      expect(call(kernel, 0, 1, part, null, [1, 1], 2).result).toBe(-1)
      kernel.use(0)
      expect(call(kernel, 0, 1, part, null, [1, 1]).result).toBe(-2)
      kernel.use(1)
      expect(call(kernel, 0, 1, part, null, [1, 1]).result).toBe(0)
    }
  })
})
