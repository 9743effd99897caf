import { type CharSet, charSet, EVERY, rangesOf } from '../../grammar/char-set.ts'

/** A deterministic automaton over characters; it starts in state 0. A character without an edge is refused. */
export interface Automaton {
  readonly edges: readonly (readonly Edge[])[]
  readonly accepts: readonly boolean[]
}

export interface Edge {
  readonly set: CharSet
  readonly to: number
}

/** Thrown where a language needs more states than a grammar should have rules. */
export class TooManyStates extends Error {}

/** On the way to a language; what is written may be smaller. */
const MAX_STATES = 30_000
/** Ranges of characters looked at for one schema: about two seconds. */
const MAX_WORK = 1_000_000
export let work = 0

/** Runs what makes automata; all of them together have a bounded cost. Throws TooManyStates. */
export function withinWork<T>(body: () => T): T {
  work = 0
  return body()
}

/** Every text. */
export const ANY: Automaton = { edges: [[{ set: EVERY, to: 0 }]], accepts: [true] }

/** Exactly these texts. */
export function oneOf(texts: readonly string[]): Automaton {
  const edges: Edge[][] = [[]]
  const accepts = [false]
  for (const text of texts) {
    let state = 0
    for (const char of text) {
      const point = char.codePointAt(0) as number
      let edge = edges[state]?.find(({ set }) => set[0] === point)
      if (!edge) {
        edge = { set: [point, point], to: edges.length }
        edges[state]?.push(edge)
        edges.push([])
        accepts.push(false)
      }
      state = edge.to
    }
    accepts[state] = true
    if (edges.length > MAX_STATES) throw new TooManyStates()
  }
  return { edges, accepts }
}

/** Texts of so many characters. */
export function lengths(min: number, max: number): Automaton {
  const last = Number.isFinite(max) ? max : min
  if (last >= MAX_STATES) throw new TooManyStates()
  const edges = Array.from({ length: last + 1 }, (_, i): Edge[] =>
    i < last ? [{ set: EVERY, to: i + 1 }] : Number.isFinite(max) ? [] : [{ set: EVERY, to: i }],
  )
  return { edges, accepts: edges.map((_, i) => i >= min) }
}

export function intersect(a: Automaton, b: Automaton): Automaton {
  return a === ANY ? b : b === ANY ? a : product(a, b, (x, y) => x && y)
}

export function unite(a: Automaton, b: Automaton): Automaton {
  return a === ANY || b === ANY ? ANY : product(a, b, (x, y) => x || y)
}

/** What the first has and the second has not. */
export function subtract(a: Automaton, b: Automaton): Automaton {
  return product(a, b, (x, y) => x && !y)
}

export function isEmpty({ accepts }: Automaton): boolean {
  return !accepts.includes(true)
}

export function accepts(automaton: Automaton, text: string): boolean {
  let state: number | undefined = 0
  for (const char of text) {
    const point = char.codePointAt(0) as number
    state = automaton.edges[state]?.find(({ set }) => rangesOf(set).some(([low, high]) => point >= low && point <= high))?.to
    if (state === undefined) return false
  }
  return automaton.accepts[state] as boolean
}

/** Both at once; -1 = the refused text's state. */
function product(a: Automaton, b: Automaton, both: (x: boolean, y: boolean) => boolean): Automaton {
  const edgesOf = ({ edges }: Automaton, state: number) => (state < 0 ? [] : (edges[state] as readonly Edge[]))
  return explore([0, 0] as readonly [number, number], {
    key: ([x, y]) => `${x} ${y}`,
    accepts: ([x, y]) => both(x >= 0 && (a.accepts[x] as boolean), y >= 0 && (b.accepts[y] as boolean)),
    edges: ([x, y]) =>
      split([
        ...edgesOf(a, x).map(({ set, to }) => ({ set, to: [to, -1] })),
        ...edgesOf(b, y).map(({ set, to }) => ({ set, to: [-1, to] })),
      ]).map(([set, targets]) => [
        set,
        [Math.max(...targets.map(([to]) => to as number)), Math.max(...targets.map(([, to]) => to as number))] as const,
      ]),
    isDead: ([x, y]) => (x < 0 && !both(false, true)) || (x < 0 && y < 0) || (y < 0 && !both(true, false)),
  })
}

interface Exploration<State> {
  key(state: State): string
  accepts(state: State): boolean
  edges(state: State): (readonly [CharSet, State])[]
  isDead?(state: State): boolean
}

/** The automaton of all states that can be reached and from which a text can end. Throws TooManyStates. */
export function explore<State>(start: State, { key, accepts, edges, isDead }: Exploration<State>): Automaton {
  const known = new Map([[key(start), 0]])
  const states = [start]
  const found: Edge[][] = []
  for (let i = 0; i < states.length; i++) {
    const next = new Map<number, [number, number][]>()
    for (const [set, state] of edges(states[i] as State)) {
      if (isDead?.(state)) continue
      const name = key(state)
      let to = known.get(name)
      if (to === undefined) {
        to = states.push(state) - 1
        known.set(name, to)
        if (to >= MAX_STATES) throw new TooManyStates()
      }
      next.set(to, [...(next.get(to) ?? []), ...rangesOf(set)])
    }
    found.push([...next].map(([to, ranges]) => ({ set: charSet(ranges), to })))
  }
  return trim({ edges: found, accepts: states.map(accepts) })
}

/** Overlapping edges as edges that do not overlap, each with all its targets. */
export function split<Target>(edges: readonly { readonly set: CharSet; readonly to: Target }[]): [CharSet, Target[]][] {
  for (const { set } of edges) work += set.length
  if (work > MAX_WORK) throw new TooManyStates()
  const cuts = [...new Set(edges.flatMap(({ set }) => rangesOf(set).flatMap(([low, high]) => [low, high + 1])))].sort((x, y) => x - y)
  const opened = new Map<number, Target[]>()
  for (const { set, to } of edges)
    for (const [low, high] of rangesOf(set))
      for (let i = lowerBound(cuts, low); (cuts[i] as number) <= high; i++) opened.set(i, [...(opened.get(i) ?? []), to])
  return [...opened].map(([i, targets]) => [[cuts[i] as number, (cuts[i + 1] as number) - 1], targets])
}

function lowerBound(sorted: readonly number[], value: number): number {
  let [from, to] = [0, sorted.length]
  while (from < to) {
    const middle = (from + to) >> 1
    if ((sorted[middle] as number) < value) from = middle + 1
    else to = middle
  }
  return from
}

/** Without states from which no text can end. */
function trim({ edges, accepts }: Automaton): Automaton {
  const sources = edges.map((): number[] => [])
  for (const [from, list] of edges.entries()) for (const { to } of list) sources[to]?.push(from)
  const alive = new Set(accepts.flatMap((yes, state) => (yes ? [state] : [])))
  for (const state of alive) for (const from of sources[state] as number[]) alive.add(from)
  if (!alive.has(0)) return { edges: [[]], accepts: [false] }
  const kept = [...edges.keys()].filter((state) => alive.has(state))
  const renamed = new Map(kept.map((state, i) => [state, i]))
  return {
    edges: kept.map((state) =>
      (edges[state] as readonly Edge[]).filter(({ to }) => alive.has(to)).map(({ set, to }) => ({ set, to: renamed.get(to) as number })),
    ),
    accepts: kept.map((state) => accepts[state] as boolean),
  }
}
