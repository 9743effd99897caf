import { type CostCurve, costOf, monotone } from './cost-curve.ts'

/** How fast a width's cost follows its passes, and what widths beside it hear of them: this share for each step away. */
const WEIGHT = 0.08
const BESIDE = 0.25
/** What was learned of widths that are no longer used is forgotten: they are tried again. */
const FORGETTING = 0.002
/** One pass beside a busy neighbor says little. */
const MOST_OFF = 2
/** Costs that have parted by this factor since they were measured: the curve is to be measured again. */
const STALE = 1.6

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

  /** Whether real passes have another shape than the measured ones. */
  get isStale(): boolean {
    return Math.max(...this.#factors) > STALE * Math.min(...this.#factors)
  }

  /** Seconds of a pass over `width` tokens behind `context` ones. */
  seconds(width: number, context = 0): number {
    return costOf(this.#curve, width, context)
  }

  /** Hears what a pass took. */
  observe(width: number, context: number, seconds: number): void {
    const { widths } = this.#measured
    if (width > (widths.at(-1) as number)) return
    const off = seconds / this.seconds(width, context)
    if (!(off > 0) || !Number.isFinite(off)) return
    const heard = Math.min(MOST_OFF, Math.max(1 / MOST_OFF, off))
    let nearest = 0
    for (let i = 1; i < widths.length; i++) {
      if (Math.abs((widths[i] as number) - width) < Math.abs((widths[nearest] as number) - width)) nearest = i
    }
    const measured = this.#measured.seconds
    const learned = (this.#factors[nearest] as number) * heard ** WEIGHT
    const now = learned * (measured[nearest] as number)
    for (let i = 0; i < widths.length; i++) {
      const factor = this.#factors[i] as number
      const moved = factor * heard ** (WEIGHT * BESIDE ** Math.abs(i - nearest)) * (learned / factor) ** FORGETTING
      // A wider pass costs no less than the one that was just seen, a narrower one no more.
      const bound = now / (measured[i] as number)
      this.#factors[i] = i === nearest ? learned : i > nearest ? Math.max(bound, moved) : Math.min(bound, moved)
    }
    this.#curve = { ...this.#measured, seconds: monotone(measured.map((cost, i) => cost * (this.#factors[i] as number))) }
  }
}
