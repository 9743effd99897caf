import { type CostCurve, costOf } from '../core/cost-curve.ts'
import { median } from '../core/quantile.ts'

/** Passes whose median counts, so that single late ones do not. */
const WINDOW = 5
/** Passes of a trial that decide. */
const TRIAL = 3
/** Passes after which a trial ends undecided: none like those before came. */
const LONGEST_TRIAL = 12
/** Passes this much slower than the curve says are worth a trial of fewer threads. */
const SLOW = 1.6
/** A trial that takes less than this part of the time before is kept. */
const FASTER = 0.85
/** One pass of a trial that takes this much longer than before ends it. */
const WORSE = 1.3
/** Seconds between trials of one kind: at first, and after many that failed. */
const WAIT = 2
const LONGEST_WAIT = 8
/** Seconds of waiting for each second that a failed trial lost: trials cost less than 2 % together. */
const WAIT_PER_LOSS = 100

/** When the next trial of this kind may begin. */
interface Turn {
  failures: number
  at: number
}

interface Trial {
  readonly back: number
  readonly turn: Turn
  /** Pass seconds by the curve's, before and in the trial. */
  readonly before: number
  readonly width: number
  readonly ratios: number[]
  passes: number
  lost: number
}

/**
 * How many threads the next pass gets. Where other processes use the processors, threads that wait for each other at every step are slower
 * than fewer of them: a pass ends when its last thread has had its turn. Measured passes decide; texts do not depend on threads.
 */
export class ThreadPace {
  readonly #most: number
  readonly #curve: CostCurve
  readonly #now: () => number
  #threads: number
  #recent: { width: number; ratio: number }[] = []
  #trial: Trial | undefined
  readonly #fewer: Turn = { failures: 0, at: 0 }
  readonly #more: Turn = { failures: 0, at: 0 }

  /** `curve`: measured with `most` threads. `now`: seconds of a clock that never goes back. */
  constructor(most: number, curve: CostCurve, now: () => number = () => performance.now() / 1000) {
    this.#most = most
    this.#curve = curve
    this.#now = now
    this.#threads = most
  }

  /** Takes the seconds of a pass of `width` tokens behind `context` others; returns the threads for the next pass. */
  observe(width: number, seconds: number, context = 0): number {
    const expected = costOf(this.#curve, width, context)
    if (!(expected > 0) || !(seconds > 0)) return this.#threads
    const ratio = seconds / expected
    if (this.#trial) this.#judge(this.#trial, width, ratio, seconds)
    else {
      this.#recent = [...this.#recent.slice(1 - WINDOW), { width, ratio }]
      this.#consider()
    }
    return this.#threads
  }

  /** Begins a trial if it is time for one. */
  #consider(): void {
    if (this.#recent.length < WINDOW) return
    const now = this.#now()
    const before = median(this.#recent.map((pass) => pass.ratio))
    const isSlow = this.#threads > 1 && before > SLOW && now >= this.#fewer.at
    if (!isSlow && (this.#threads === this.#most || now < this.#more.at)) return
    const turn = isSlow ? this.#fewer : this.#more
    const width = median(this.#recent.map((pass) => pass.width))
    this.#trial = { back: this.#threads, turn, before, width, ratios: [], passes: 0, lost: 0 }
    this.#threads = isSlow ? Math.max(1, Math.floor(this.#threads / 2)) : Math.min(this.#most, this.#threads * 2)
  }

  #judge(trial: Trial, width: number, ratio: number, seconds: number): void {
    trial.passes++
    trial.lost += Math.max(0, seconds * (1 - trial.before / ratio))
    // Threads help wide passes more than narrow ones.
    if (width >= trial.width / 2 && width <= trial.width * 2) trial.ratios.push(ratio)
    const isWorse = trial.ratios.some((one) => one > trial.before * WORSE)
    if (!isWorse && trial.ratios.length < TRIAL && trial.passes < LONGEST_TRIAL) return
    this.#trial = undefined
    const { turn } = trial
    const now = this.#now()
    if (!isWorse && trial.ratios.length === TRIAL && median(trial.ratios) < trial.before * FASTER) {
      turn.failures = 0
      const other = turn === this.#fewer ? this.#more : this.#fewer
      other.at = Math.max(other.at, now + WAIT)
      this.#recent = []
      return
    }
    this.#threads = trial.back
    turn.at = now + Math.max(Math.min(LONGEST_WAIT, WAIT * 2 ** turn.failures), WAIT_PER_LOSS * trial.lost)
    turn.failures++
  }
}
