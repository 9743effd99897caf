import { type CostCurve, costOf, monotone } from './cost-curve.ts'

/** Shared by the models of one machine: how much slower everything runs now than when it was measured. */
export interface Drift {
  factor: number
}

const DRIFT_WEIGHT = 0.05
const SHAPE_WEIGHT = 0.06
/** What was learnt of widths that are no longer used is forgotten: they are tried again. */
const FORGETTING = 0.002
/** One pass beside a busy neighbour says little. */
const MOST_OFF = 2
/** A width whose cost is off by this factor: the curve is to be measured again. */
const STALE = 1.6

/**
 * A measured curve that learns from every real pass. What slows all passes (a busy machine) is drift, which no decision depends on;
 * what is left over changes the curve at the width next to the pass: within a hundred passes, since narrow passes wait for memory
 * and wide ones for the processor, and a neighbour may take either.
 */
export class CostModel {
  readonly #measured: CostCurve
  readonly #drift: Drift
  readonly #factors: number[]
  #curve: CostCurve

  constructor(measured: CostCurve, drift: Drift = { factor: 1 }) {
    this.#measured = measured
    this.#drift = drift
    this.#factors = measured.widths.map(() => 1)
    this.#curve = measured
  }

  /** As it is known now; a wider pass never costs less. */
  get curve(): CostCurve {
    return this.#curve
  }

  /** Whether real passes have another shape than the measured ones. */
  get isStale(): boolean {
    return this.#factors.some((factor) => factor > STALE || factor < 1 / STALE)
  }

  /** Seconds of a pass over `width` tokens behind `context` ones, on a machine as fast as when it was measured. */
  seconds(width: number, context = 0): number {
    return costOf(this.#curve, width, context)
  }

  /** Hears what a pass took. */
  observe(width: number, context: number, seconds: number): void {
    const { widths } = this.#measured
    if (width > (widths.at(-1) as number)) return
    const off = seconds / (this.seconds(width, context) * this.#drift.factor)
    if (!(off > 0) || !Number.isFinite(off)) return
    const heard = Math.min(MOST_OFF, Math.max(1 / MOST_OFF, off))
    this.#drift.factor *= heard ** DRIFT_WEIGHT
    let nearest = 0
    for (let i = 1; i < widths.length; i++) {
      if (Math.abs((widths[i] as number) - width) < Math.abs((widths[nearest] as number) - width)) nearest = i
    }
    const learnt = (this.#factors[nearest] as number) * heard ** SHAPE_WEIGHT
    for (let i = 0; i < widths.length; i++) {
      const factor = this.#factors[i] as number
      this.#factors[i] = i === nearest ? learnt : factor * (learnt / factor) ** FORGETTING
    }
    this.#curve = { ...this.#measured, seconds: monotone(this.#measured.seconds.map((cost, i) => cost * (this.#factors[i] as number))) }
  }
}
