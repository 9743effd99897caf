import { type CostCurve, costOf, monotone } from '../cost-curve.ts'
import { CONTROL } from './constants.ts'

/**
 * A measured curve that learns from every real pass, at its width and a little beside it. There is no common factor for the machine's
 * speed: what a neighbor takes is memory's time, which narrow passes wait for, or the processor's, which wide ones do.
 */
export class CostModel {
  readonly #measured: CostCurve
  readonly #factors: number[]
  #curve: CostCurve

  constructor(measured: CostCurve) {
    this.#measured = measured
    this.#factors = measured.widths.map(() => 1)
    this.#curve = measured
  }

  /** As it is known now; a wider pass never costs less. */
  get curve(): CostCurve {
    return this.#curve
  }

  /** How far real passes have another shape than the measured ones: the largest change of a width ÷ the smallest. */
  get distortion(): number {
    return Math.max(...this.#factors) / Math.min(...this.#factors)
  }

  /** Seconds of a pass over `width` tokens behind `context` ones. */
  seconds(width: number, context = 0): number {
    return costOf(this.#curve, width, context)
  }

  /** A real pass took so long. One pass beside a busy neighbor says little: it counts as half or twice what was expected at most. */
  observe(width: number, context: number, seconds: number): void {
    const { widths, seconds: measured } = this.#measured
    if (width > (widths.at(-1) as number)) return
    const ratio = seconds / this.seconds(width, context)
    if (!(ratio > 0) || !Number.isFinite(ratio)) return
    const change = Math.min(2, Math.max(0.5, ratio)) ** CONTROL.curveWeight
    let nearest = 0
    for (let i = 1; i < widths.length; i++) {
      if (Math.abs((widths[i] as number) - width) < Math.abs((widths[nearest] as number) - width)) nearest = i
    }
    const learned = (this.#factors[nearest] as number) * change
    const now = learned * (measured[nearest] as number)
    for (let i = 0; i < widths.length; i++) {
      // Widths beside it follow, by a quarter for each step away; those that are no longer seen drift along, so that they are tried again.
      const factor = this.#factors[i] as number
      const moved = factor * change ** (0.25 ** Math.abs(i - nearest)) * (learned / factor) ** (CONTROL.curveWeight / 40)
      // A wider pass costs no less than the one that was just seen, a narrower one no more.
      const bound = now / (measured[i] as number)
      this.#factors[i] = i === nearest ? learned : i > nearest ? Math.max(bound, moved) : Math.min(bound, moved)
    }
    this.#curve = { ...this.#measured, seconds: monotone(measured.map((cost, i) => cost * (this.#factors[i] as number))) }
  }
}
