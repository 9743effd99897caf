/** Number formats of cached keys and values. */
export type CacheType = 'f32' | 'f16' | 'q8_0' | 'bf16'
export const TYPE_NUMBERS = { f32: 0, f16: 1, q8_0: 8, bf16: 30 } as const

const view = new DataView(new ArrayBuffer(4))
function bitsOf(value: number): number {
  view.setFloat32(0, value)
  return view.getUint32(0)
}
function floatOf(bits: number): number {
  view.setUint32(0, bits)
  return view.getFloat32(0)
}

/** Half precision, rounded toward zero; only for magnitudes that it has without subnormals. */
export function toHalf(value: number): number {
  if (value === 0) return 0
  if (value === Number.NEGATIVE_INFINITY) return 0xfc00
  const bits = bitsOf(value)
  return ((bits >>> 16) & 0x8000) | ((((bits >>> 23) & 0xff) - 112) << 10) | ((bits >>> 13) & 0x3ff)
}
export function fromHalf(half: number): number {
  if (half === 0xfc00) return Number.NEGATIVE_INFINITY
  if ((half & 0x7fff) === 0) return 0
  return floatOf((((half & 0x8000) << 16) | ((((half >>> 10) & 31) + 112) << 23) | ((half & 0x3ff) << 13)) >>> 0)
}

/** A row as the cache holds it, and the numbers that these bytes stand for. */
export function encode(type: CacheType, row: readonly number[]): { bytes: Buffer; values: number[] } {
  if (type === 'q8_0') return encodeBlocks(row)
  const bytes = Buffer.alloc(row.length * (type === 'f32' ? 4 : 2))
  const values = row.map((value, i) => {
    if (type === 'f32') return bytes.readFloatLE(bytes.writeFloatLE(value, 4 * i) - 4)
    const bits = type === 'f16' ? toHalf(value) : bitsOf(value) >>> 16
    bytes.writeUInt16LE(bits, 2 * i)
    return type === 'f16' ? fromHalf(bits) : floatOf((bits << 16) >>> 0)
  })
  return { bytes, values }
}

/** Blocks of 32: a scale in half precision, then whole numbers. */
function encodeBlocks(row: readonly number[]): { bytes: Buffer; values: number[] } {
  const bytes = Buffer.alloc((row.length / 32) * 34)
  const values: number[] = []
  for (let b = 0; b < row.length / 32; b++) {
    const block = row.slice(32 * b, 32 * b + 32)
    const half = toHalf(Math.max(...block.map(Math.abs)) / 120)
    bytes.writeUInt16LE(half, 34 * b)
    for (const [i, value] of block.entries()) {
      const whole = Math.round(value / fromHalf(half))
      bytes.writeInt8(whole, 34 * b + 2 + i)
      values.push(whole * fromHalf(half))
    }
  }
  return { bytes, values }
}
