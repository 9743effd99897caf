import { describe, expect, it } from 'vitest'
import { type CostCurve, costOf, uniform } from '../../src/core/index.ts'
import { ThreadPace } from '../../src/probe/thread-pace.ts'

const CURVE: CostCurve = { widths: [1, 8, 64], seconds: [0.03, 0.04, 0.2] }

/** A machine whose passes take `slowness(threads)` times what the curve says, with noise; seconds pass as passes do. */
function machine(most: number, widths: readonly number[] = [1, 6, 8]) {
  let [now, number, threads] = [0, 0, most]
  const pace = new ThreadPace(most, CURVE, () => now)
  const run = (slowness: (threads: number) => number): number => {
    const width = widths[number % widths.length] as number
    const seconds = costOf(CURVE, width) * slowness(threads) * (0.9 + 0.2 * uniform(1, number++))
    now += seconds
    threads = pace.observe(width, seconds)
    return seconds
  }
  return {
    /** Thread counts after each of so many passes. */
    passes: (count: number, slowness: (threads: number) => number) =>
      Array.from({ length: count }, () => {
        run(slowness)
        return threads
      }),
    /** Runs for so many seconds; returns the seconds that passes took beyond those with `best` threads, and how often threads changed. */
    forSeconds(length: number, slowness: (threads: number) => number, best: number) {
      const end = now + length
      let [lost, changes] = [0, 0]
      while (now < end) {
        const before = threads
        const seconds = run(slowness)
        lost += Math.max(0, seconds * (1 - slowness(best) / slowness(before)))
        if (threads !== before) changes++
      }
      return { lost, changes, threads }
    },
  }
}

const idle = (most: number) => (threads: number) => most / threads
/** Two other processes spin: of two threads one always waits for its turn. */
const busy = (threads: number) => (threads === 1 ? 2 : 5)

describe('threads', () => {
  it('stay as they are on an idle machine, single late passes included', () => {
    const { passes } = machine(4)
    let pass = 0
    const late = (threads: number) => idle(4)(threads) * (++pass % 3 === 0 ? 8 : 1)
    expect(new Set(passes(500, late))).toEqual(new Set([4]))
  })

  it('become fewer within ten passes where others use the processors, and more again within seconds of their end', () => {
    const { passes, forSeconds } = machine(2)
    expect(passes(10, busy).at(-1)).toBe(1)
    forSeconds(60, busy, 1)
    expect(forSeconds(15, idle(2), 2).threads).toBe(2)
    expect(new Set(passes(200, idle(2)))).toEqual(new Set([2]))
  })

  it('become more step by step too, up to as many as there are', () => {
    const { passes, forSeconds } = machine(6)
    expect(passes(40, (threads) => threads ** 2).at(-1)).toBe(1)
    expect(forSeconds(60, idle(6), 6).threads).toBe(6)
  })

  it('are seldom tried: trials of more cost less than 2 % and do not stick', () => {
    const { passes, forSeconds } = machine(2)
    passes(10, busy)
    const { lost, changes, threads } = forSeconds(600, busy, 1)
    expect(lost / 600).toBeLessThan(0.02)
    expect(changes).toBeLessThan(200)
    expect(threads).toBe(1)
  })

  it('are seldom tried where everything is slow and fewer do not help', () => {
    const { forSeconds } = machine(2)
    const { lost, threads } = forSeconds(600, (count) => 3 * idle(2)(count), 2)
    expect(lost / 600).toBeLessThan(0.02)
    expect(threads).toBe(2)
  })

  it('are compared on passes that are alike', () => {
    const { passes } = machine(2, [1, 1, 1, 1, 1, 1, 64, 64])
    // Narrow passes are no faster with fewer threads; the wide ones of the trial do not count.
    expect(passes(200, () => 2).at(-1)).toBe(2)
  })
})
