/** Types of weights with their numbers, blocks, and how many activations share a scale; none: activations stay floats. */
export const WEIGHTS = {
  Q4_0: { type: 2, unit: 32, bytes: 18, shared: 32, halves: [0], read: q4_0 },
  Q4_1: { type: 3, unit: 32, bytes: 20, shared: 32, halves: [0, 2], read: q4_1 },
  Q8_0: { type: 8, unit: 32, bytes: 34, shared: 32, halves: [0], read: q8_0 },
  IQ4_NL: { type: 20, unit: 32, bytes: 18, shared: 32, halves: [0], read: iq4_nl },
  Q4_K: { type: 12, unit: 256, bytes: 144, shared: 256, halves: [0, 2], read: q4_k },
  Q5_K: { type: 13, unit: 256, bytes: 176, shared: 256, halves: [0, 2], read: q5_k },
  Q6_K: { type: 14, unit: 256, bytes: 210, shared: 256, halves: [208], read: q6_k },
  IQ4_XS: { type: 23, unit: 256, bytes: 136, shared: 256, halves: [0], read: iq4_xs },
  F16: { type: 1, unit: 1, bytes: 2, shared: 0, halves: [0], read: (b: DataView) => [half(b, 0)] },
  BF16: { type: 30, unit: 1, bytes: 2, shared: 0, halves: [], read: bf16 },
  F32: { type: 0, unit: 1, bytes: 4, shared: 0, halves: [], read: (b: DataView) => [b.getFloat32(0, true)] },
} as const
export type Weight = keyof typeof WEIGHTS

/** Values of a row of ggml's blocks, exactly. */
export function dequantize(name: Weight, row: Uint8Array): Float64Array {
  const { unit, bytes, read } = WEIGHTS[name]
  const out = new Float64Array((row.length / bytes) * unit)
  for (let i = 0; i < row.length / bytes; i++) out.set(read(new DataView(row.buffer, row.byteOffset + i * bytes, bytes)), i * unit)
  return out
}

/** Activations as the kernels read them: whole numbers up to 127 times a scale for each `shared` of them. */
export function quantizeActivations(x: Float32Array, shared: number): { values: Float64Array; scales: Float64Array } {
  const values = Float64Array.from(x)
  const scales = new Float64Array(x.length)
  for (let from = 0; shared && from < x.length; from += shared) {
    const most = x.slice(from, from + shared).reduce((a, b) => Math.max(a, Math.abs(b)), 0)
    const scale = most > 1e-30 ? Math.fround(most / 127) : 0
    const inverse = most > 1e-30 ? Math.fround(127 / most) : 0
    for (let i = from; i < from + shared; i++) {
      values[i] = nearestEven(Math.fround((x[i] as number) * inverse)) * scale
      scales[i] = scale
    }
  }
  return { values, scales }
}

function nearestEven(x: number): number {
  const down = Math.floor(x)
  if (x - down !== 0.5) return Math.round(x)
  return down % 2 === 0 ? down : down + 1
}

function half(b: DataView, at: number): number {
  const bits = b.getUint16(at, true)
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023]
  return (bits >> 15 ? -1 : 1) * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15))
}

const IQ4 = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113]
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i)
/** Element i of 32 in 16 bytes from `at`: the first half in the low bits. */
const nibble = (b: DataView, at: number, i: number): number => (b.getUint8(at + (i % 16)) >> (i < 16 ? 0 : 4)) & 15

function bf16(b: DataView): number[] {
  const wide = new DataView(new ArrayBuffer(4))
  wide.setUint16(0, b.getUint16(0, true))
  return [wide.getFloat32(0)]
}
function q4_0(b: DataView): number[] {
  return upTo(32).map((i) => half(b, 0) * (nibble(b, 2, i) - 8))
}
function q4_1(b: DataView): number[] {
  return upTo(32).map((i) => half(b, 0) * nibble(b, 4, i) + half(b, 2))
}
function q8_0(b: DataView): number[] {
  return upTo(32).map((i) => half(b, 0) * b.getInt8(2 + i))
}
function iq4_nl(b: DataView): number[] {
  return upTo(32).map((i) => half(b, 0) * (IQ4[nibble(b, 2, i)] as number))
}
function q4_k(b: DataView): number[] {
  return k45(b, (i) => (b.getUint8(16 + 32 * Math.floor(i / 64) + (i % 32)) >> (i & 32 ? 4 : 0)) & 15)
}
function q5_k(b: DataView): number[] {
  return k45(b, (i) => {
    const low = (b.getUint8(48 + 32 * Math.floor(i / 64) + (i % 32)) >> (i & 32 ? 4 : 0)) & 15
    return low + 16 * ((b.getUint8(16 + (i % 32)) >> Math.floor(i / 32)) & 1)
  })
}
/** d, dmin, and 8 scales and minima of 6 bits in 12 bytes. */
function k45(b: DataView, quant: (i: number) => number): number[] {
  const packed = (j: number) => b.getUint8(4 + j)
  return upTo(256).map((i) => {
    const j = Math.floor(i / 32)
    const scale = j < 4 ? packed(j) & 63 : (packed(j + 4) & 15) + 16 * (packed(j - 4) >> 6)
    const least = j < 4 ? packed(j + 4) & 63 : (packed(j + 4) >> 4) + 16 * (packed(j) >> 6)
    return half(b, 0) * scale * quant(i) - half(b, 2) * least
  })
}
function q6_k(b: DataView): number[] {
  return upTo(256).map((i) => {
    const [part, quarter, l] = [Math.floor(i / 128), Math.floor((i % 128) / 32), i % 32]
    const low = (b.getUint8(64 * part + 32 * (quarter % 2) + l) >> (quarter < 2 ? 0 : 4)) & 15
    const high = (b.getUint8(128 + 32 * part + l) >> (2 * quarter)) & 3
    return half(b, 208) * b.getInt8(192 + Math.floor(i / 16)) * (low + 16 * high - 32)
  })
}
function iq4_xs(b: DataView): number[] {
  return upTo(256).map((i) => {
    const j = Math.floor(i / 32)
    const scale = ((b.getUint8(4 + (j >> 1)) >> (4 * (j % 2))) & 15) + 16 * ((b.getUint16(2, true) >> (2 * j)) & 3)
    return half(b, 0) * (scale - 32) * (IQ4[nibble(b, 8 + 16 * j, i % 32)] as number)
  })
}
