import { describe, expect, it } from 'vitest'
import { isSound } from '../../src/engine/soundness.ts'

const row = (...values: number[]) => Float32Array.from(values)

describe('isSound', () => {
  it('takes passes that differ by rounding', () => {
    expect(isSound({ wide: [row(0.7, 0.3)], narrow: [row(0.68, 0.32)] })).toBe(true)
  })

  it('refuses passes of different width that disagree', () => {
    expect(isSound({ wide: [row(0.7, 0.3)], narrow: [row(0.2, 0.8)] })).toBe(false)
  })

  it('refuses an engine that agrees with itself but not with another one', () => {
    const right = { wide: [row(0.7, 0.3)], narrow: [row(0.7, 0.3)] }
    const wrong = { wide: [row(0.1, 0.9)], narrow: [row(0.1, 0.9)] }
    expect(isSound(wrong)).toBe(true)
    expect(isSound(wrong, right)).toBe(false)
  })
})
