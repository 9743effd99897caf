import koffi from 'koffi'
import { type CacheType, encode, TYPE_NUMBERS, toHalf } from './halves.ts'

/** What one attention operation is like. */
export interface Setup {
  types: readonly [keys: CacheType, values: CacheType]
  sizes: readonly [key: number, value: number]
  /** Query heads, and the key-value heads that they share. */
  heads: readonly [number, number]
  /** Soft cap of the scores; none: 0. */
  cap?: number
  /** Largest bias of ALiBi; none: 0. */
  bias?: number
  sinks?: readonly number[]
  /** Whether a token sees an earlier one (or itself); without it, all do. */
  sees?: (token: number, other: number) => boolean
}

/** Keys and values of a token, one row per shared head. */
interface Cell {
  keys: { bytes: Buffer; values: number[] }[]
  values: { bytes: Buffer; values: number[] }[]
}

/** What the model computed for each token of a text. */
export interface Text {
  cells: Cell[]
  queries: number[][][]
}

/** Where a text's tokens lie in a cache, and how they came there. */
export interface Layout {
  /** Cell of each token. */
  places: readonly number[]
  /** Cells that the mask tells of; the cache has as many in each of its streams. */
  visible: number
  /** Cells written by each pass, up to this one; none: the keys are no cache. */
  writes?: readonly (readonly number[])[]
  threads?: number
}

/** Numbers from -2 to 2 without 0, always the same for a seed. */
export function numbers(count: number, seed: number): number[] {
  let state = seed * 2654435761
  return Array.from({ length: count }, () => {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + 0x6d2b79f5) >>> 0
    const value = (((state ^ (state >>> 13)) >>> 0) / 2 ** 32) * 4 - 2
    return Math.abs(value) < 1e-3 ? 0.5 : value
  })
}

/** 0 to count - 1 in an order that looks random. */
export function shuffled(count: number, seed: number): number[] {
  const keys = numbers(count, seed)
  return Array.from(keys.keys()).sort((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0))
}

function makeCell({ types, sizes, heads }: Setup, seed: number): Cell {
  const rows = (part: 0 | 1) =>
    Array.from({ length: heads[1] }, (_, h) => encode(types[part], numbers(sizes[part], seed + 31 * h + 7 * part)))
  return { keys: rows(0), values: rows(1) }
}

export function makeText(setup: Setup, length: number, seed = 1): Text {
  return {
    cells: Array.from({ length }, (_, i) => makeCell(setup, 1000 * seed + 97 * i)),
    queries: Array.from({ length }, (_, i) =>
      Array.from({ length: setup.heads[0] }, (_, h) => numbers(setup.sizes[0], 5e6 * seed + 89 * i + h)),
    ),
  }
}

const PROTOTYPE =
  'int ouroboros_test_attention(const void *shape, const void *factors, const void *queries, const void *keys, const void *values, const void *mask, const void *sinks, const void *writes, void *out)'

/** The compiled kernel. */
export class Attention {
  private readonly attention: (...args: unknown[]) => number
  /** Whether passes of this thread use it: 1 or 0. */
  readonly use: (on: number) => void

  constructor(file: string) {
    const library = koffi.load(file)
    this.attention = library.func(PROTOTYPE)
    this.use = library.func('void ouroboros_use(int on)')
  }

  /** The call itself; see native/attention-test.cpp. */
  call(shape: readonly number[], factors: readonly number[], ...rest: unknown[]): number {
    return this.attention(BigInt64Array.from(shape.map(BigInt)), Float32Array.from(factors), ...rest)
  }

  /** Outputs of tokens `from` to `to` - 1, computed in one pass: a row per token and head. */
  attend(setup: Setup, text: Text, from: number, to: number, { places, visible, writes, threads = 1 }: Layout): Float32Array[] {
    const { types, sizes, heads, cap = 0, bias = 0, sinks } = setup
    const foreign = makeCell(setup, 4242)
    const cells: Cell[] = Array.from({ length: visible }, () => foreign)
    for (let i = 0; i < to; i++) cells[places[i] ?? 0] = text.cells[i] as Cell
    const join = (part: 'keys' | 'values') => Buffer.concat(cells.flatMap((cell) => cell[part].map((row) => row.bytes)))
    const tokens = to - from
    const mask = new Uint16Array(tokens * visible).fill(0xfc00)
    for (let t = from; t < to; t++) for (const i of seen(setup, t)) mask[(t - from) * visible + (places[i] ?? 0)] = toHalf(bias ? i - t : 0)
    const out = new Float32Array(tokens * heads[0] * sizes[1])
    const shape = [TYPE_NUMBERS[types[0]], TYPE_NUMBERS[types[1]], ...sizes, tokens, ...heads, visible, visible, 1, 0, 1, 1, 1, threads]
    const result = this.call(
      shape,
      [scaleOf(setup), bias, cap],
      Float32Array.from(text.queries.slice(from, to).flat(2)),
      join('keys'),
      join('values'),
      mask,
      sinks ? Float32Array.from(sinks) : null,
      writes ? BigInt64Array.from([...writes.flatMap((pass) => [pass.length, ...pass]), 0].map(BigInt)) : null,
      out,
    )
    if (result) throw new Error(`attention returned ${result}`)
    return Array.from({ length: tokens * heads[0] }, (_, r) => out.slice(r * sizes[1], (r + 1) * sizes[1]))
  }
}

const scaleOf = ({ sizes }: Setup): number => Math.fround(1 / Math.sqrt(sizes[0]))

/** Tokens that token `t` sees. */
function seen({ sees = () => true }: Setup, t: number): number[] {
  return Array.from({ length: t + 1 }, (_, i) => i).filter((i) => sees(t, i))
}

/** The same in double precision. */
export function reference(setup: Setup, text: Text, from: number, to: number): number[][] {
  const { sizes, heads, cap = 0, bias = 0, sinks } = setup
  const rows: number[][] = []
  for (let t = from; t < to; t++)
    for (let h = 0; h < heads[0]; h++) {
      const shared = Math.floor(h / (heads[0] / heads[1]))
      const query = text.queries[t]?.[h] ?? []
      const tokens = seen(setup, t)
      const scores = tokens.map((i) => {
        const key = text.cells[i]?.keys[shared]?.values ?? []
        const score = scaleOf(setup) * query.reduce((sum, q, d) => sum + Math.fround(q) * (key[d] ?? 0), 0)
        return (cap ? cap * Math.tanh(score / cap) : score) + (bias ? slopeOf(h, heads[0], bias) * (i - t) : 0)
      })
      const sink = sinks?.[h] ?? Number.NEGATIVE_INFINITY
      const top = Math.max(sink, ...scores)
      const weights = scores.map((score) => Math.exp(score - top))
      const total = weights.reduce((sum, w) => sum + w, Math.exp(sink - top))
      rows.push(
        Array.from({ length: sizes[1] }, (_, d) =>
          tokens.reduce((sum, i, n) => sum + ((weights[n] ?? 0) / total) * (text.cells[i]?.values[shared]?.values[d] ?? 0), 0),
        ),
      )
    }
  return rows
}

/** ALiBi's factor of a head, as ggml has it. */
function slopeOf(head: number, heads: number, bias: number): number {
  const low = 2 ** Math.floor(Math.log2(heads))
  return head < low ? 2 ** ((-bias / low) * (head + 1)) : 2 ** ((-bias / 2 / low) * (2 * (head - low) + 1))
}
