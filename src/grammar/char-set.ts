/** Code points as sorted ranges that do not touch: lowest, highest, lowest, highest, … */
export type CharSet = readonly number[]

export const HIGHEST = 0x10ffff
export const EVERY: CharSet = [0, HIGHEST]

/** The set of these ranges, in any order. */
export function charSet(ranges: readonly (readonly [low: number, high: number])[]): CharSet {
  const merged: number[] = []
  for (const [low, high] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const end = merged.at(-1)
    if (end !== undefined && low <= end + 1) merged[merged.length - 1] = Math.max(end, high)
    else merged.push(low, high)
  }
  return merged
}

export function complement(set: CharSet): CharSet {
  const rest: number[] = []
  let next = 0
  for (let i = 0; i < set.length; i += 2) {
    if ((set[i] as number) > next) rest.push(next, (set[i] as number) - 1)
    next = (set[i + 1] as number) + 1
  }
  if (next <= HIGHEST) rest.push(next, HIGHEST)
  return rest
}

export function union(a: CharSet, b: CharSet): CharSet {
  return charSet([...rangesOf(a), ...rangesOf(b)])
}

export function intersection(a: CharSet, b: CharSet): CharSet {
  return complement(union(complement(a), complement(b)))
}

export function contains(set: CharSet, point: number): boolean {
  let [from, to] = [0, set.length >> 1]
  while (from < to) {
    const middle = (from + to) >> 1
    if (point > (set[2 * middle + 1] as number)) from = middle + 1
    else to = middle
  }
  return 2 * from < set.length && point >= (set[2 * from] as number)
}

/** Whether some code point from `low` to `high` is in the set. */
export function touches(set: CharSet, low: number, high: number): boolean {
  for (let i = 0; i < set.length; i += 2) if ((set[i] as number) <= high && (set[i + 1] as number) >= low) return true
  return false
}

export function rangesOf(set: CharSet): [low: number, high: number][] {
  return Array.from({ length: set.length / 2 }, (_, i) => [set[2 * i] as number, set[2 * i + 1] as number])
}
