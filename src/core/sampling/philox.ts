const MULTIPLIER = 0xd256d193
const WEYL = 0x9e3779b9

/**
 * The uniform number in [0, 1) for this seed and counter: a pure function (Philox 2x32, 10 rounds; Salmon et al. 2011).
 * Sampling reads it at the absolute position of the token, so the text of a seed does not depend on how it was drafted.
 */
export function uniform(seed: number, counter: number): number {
  let key = (seed ^ Math.floor(seed / 2 ** 32)) | 0
  let high = Math.floor(counter / 2 ** 32) | 0
  let low = counter | 0
  for (let round = 0; round < 10; round++) {
    const productHigh = multiplyHigh(MULTIPLIER, low)
    const productLow = Math.imul(MULTIPLIER, low)
    low = productHigh ^ key ^ high
    high = productLow
    key = (key + WEYL) | 0
  }
  return ((low >>> 0) * 2 ** 21 + (high >>> 11)) / 2 ** 53
}

/** Upper 32 bits of the unsigned 64-bit product. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff
  const aHigh = a >>> 16
  const bLow = b & 0xffff
  const bHigh = b >>> 16
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16)
  const cross = aLow * bHigh + (middle % 0x10000)
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(cross / 0x10000)) | 0
}
