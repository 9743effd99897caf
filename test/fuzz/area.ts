import fc from 'fast-check'

/** One kind of input, and what must hold for each of it. */
export interface Area<T = unknown> {
  readonly name: string
  readonly cases: fc.Arbitrary<T>
  /** Throws where something is wrong; what it returns is counted. */
  check(value: T): string | Promise<string>
  /** How a case is shown; default: as JSON. */
  show?(value: T): string
  /** Bytes that must stay flat, if they are not this process's own. */
  memory?(): number
  close?(): Promise<void>
}

/** Fixes the type of the cases of an area. */
export function area<T>(one: Area<T>): Area {
  return one as Area
}

/** No case may take longer. */
export const LONGEST_MS = 5000
/** Cases that come from one seed: `seed + batch` gives them again. */
export const BATCH = 100

export interface Outcome {
  readonly cases: number
  /** What `check` returned, counted. */
  readonly kinds: Record<string, number>
  readonly failures: { readonly at: number; readonly input: string; readonly error: string }[]
  readonly slowest: { readonly at: number; readonly ms: number }
}

export interface Run {
  readonly seed: number
  readonly cases: number
  /** The first case's number. */
  readonly from?: number
  /** Told before each case. */
  onCase?(at: number): void
}

const MOST_FAILURES = 20

/** Runs the cases one after the other; the same seed gives the same ones. */
export async function fuzz<T>(area: Area<T>, { seed, cases, from = 0, onCase }: Run): Promise<Outcome> {
  const kinds: Record<string, number> = {}
  const failures: Outcome['failures'] = []
  let slowest = { at: -1, ms: 0 }
  let batch: T[] = []
  for (let at = from; at < from + cases && failures.length < MOST_FAILURES; at++) {
    if (at === from || at % BATCH === 0) batch = fc.sample(area.cases, { numRuns: BATCH, seed: (seed + Math.floor(at / BATCH) * 7919) | 0 })
    onCase?.(at)
    const value = batch[at % BATCH] as T
    const began = performance.now()
    try {
      const kind = await area.check(value)
      kinds[kind] = (kinds[kind] ?? 0) + 1
    } catch (error) {
      failures.push({ at, input: shown(area, value), error: String((error as Error).stack ?? error) })
    }
    const ms = performance.now() - began
    if (ms > slowest.ms) slowest = { at, ms }
    if (ms > LONGEST_MS) failures.push({ at, input: shown(area, value), error: `took ${Math.round(ms)} ms` })
  }
  return { cases, kinds, failures, slowest }
}

function shown<T>(area: Area<T>, value: T): string {
  try {
    return (area.show ?? JSON.stringify)(value).slice(0, 4000)
  } catch (error) {
    return `(not shown: ${(error as Error).message})`
  }
}
