import { type CharSet, contains, HIGHEST } from '../../grammar/char-set.ts'
import { type Automaton, type Edge, explore, intersect, split, subtract, TooManyStates, unite } from './automaton.ts'
import { type Pattern, PatternError, parsePattern } from './pattern.ts'

/** A text is read between two marks, so that ^ and $ are characters. */
const BEGIN = HIGHEST + 1
const END = HIGHEST + 2
const MARKED: CharSet = [0, END]
/** Whatever follows. */
const REST: Automaton = { edges: [[{ set: MARKED, to: 0 }]], accepts: [true] }
const MAX_STEPS = 20_000

/** The texts in which a JavaScript regular expression finds something. Throws PatternError and TooManyStates. */
export function compilePattern(source: string): Automaton {
  const marked = before(
    {
      kind: 'sequence',
      parts: [{ kind: 'repeat', part: { kind: 'set', set: MARKED }, min: 0, max: Number.POSITIVE_INFINITY }, parsePattern(source)],
    },
    REST,
  )
  return withoutMarks(marked)
}

/** The texts of `pattern`, each followed by a text of `rest`. Look-aheads look into `rest`. */
function before(pattern: Pattern, rest: Automaton): Automaton {
  if (!looks(pattern)) return join(pattern, rest)
  if (pattern.kind === 'choice') return pattern.parts.map((part) => before(part, rest)).reduce(unite)
  if (pattern.kind === 'sequence') return pattern.parts.reduceRight((after, part) => before(part, after), rest)
  if (pattern.kind === 'look') return (pattern.negative ? subtract : intersect)(rest, before(pattern.part, REST))
  if (pattern.kind === 'repeat' && pattern.max === 1)
    return unite(before(pattern.part, rest), pattern.min === 0 ? rest : before(pattern.part, rest))
  throw new PatternError('a look-ahead inside a repetition cannot be expressed')
}

function looks(pattern: Pattern): boolean {
  if (pattern.kind === 'look') return true
  if (pattern.kind === 'repeat') return looks(pattern.part)
  return (pattern.kind === 'sequence' || pattern.kind === 'choice') && pattern.parts.some(looks)
}

/** A step of the automaton that may be in several states: a character, or none (`set` left out). */
interface Step {
  readonly set?: CharSet
  readonly to: number
}

/** All ways at once, made deterministic. */
function join(pattern: Pattern, rest: Automaton): Automaton {
  const steps: Step[][] = rest.edges.map((edges) => [...edges])
  const add = (...own: Step[]) => {
    if (steps.length > MAX_STEPS) throw new TooManyStates()
    return steps.push(own) - 1
  }
  /** The state that reads `part` and goes on at `next`. */
  const build = (part: Pattern, next: number): number => {
    switch (part.kind) {
      case 'set':
        return add({ set: part.set, to: next })
      case 'begin':
        return add({ set: [BEGIN, BEGIN], to: next })
      case 'end':
        return add({ set: [END, END], to: next })
      case 'sequence':
        return part.parts.reduceRight((after, one) => build(one, after), next)
      case 'choice':
        return add(...part.parts.map((one) => ({ to: build(one, next) })))
      case 'repeat':
        return repeat(part, next)
      default:
        throw new Error('a look-ahead is no step')
    }
  }
  const repeat = ({ part, min, max }: Pattern & { kind: 'repeat' }, next: number): number => {
    let begin = next
    if (max === Number.POSITIVE_INFINITY) {
      begin = add({ to: next })
      steps[begin]?.push({ to: build(part, begin) })
    } else for (let i = min; i < max; i++) begin = add({ to: next }, { to: build(part, begin) })
    for (let i = 0; i < min; i++) begin = build(part, begin)
    return begin
  }
  const start = build(pattern, 0)
  const closed = (states: readonly number[]) => {
    const all = new Set(states)
    for (const state of all) for (const { set, to } of steps[state] as Step[]) if (!set) all.add(to)
    return [...all].sort((a, b) => a - b)
  }
  return explore(closed([start]), {
    key: (states) => states.join(),
    accepts: (states) => states.some((state) => rest.accepts[state]),
    edges: (states) =>
      split(states.flatMap((state) => (steps[state] as Step[]).filter((step): step is Edge => step.set !== undefined))).map(
        ([set, targets]) => [set, closed(targets)] as const,
      ),
  })
}

/** What is read between the marks. */
function withoutMarks(marked: Automaton): Automaton {
  const follow = (state: number, mark: number) => marked.edges[state]?.find(({ set }) => contains(set, mark))?.to
  const start = follow(0, BEGIN)
  if (start === undefined) return { edges: [[]], accepts: [false] }
  const ends = (state: number) => {
    const end = follow(state, END)
    return end !== undefined && (marked.accepts[end] as boolean)
  }
  return explore(start, {
    key: String,
    accepts: ends,
    edges: (state) =>
      (marked.edges[state] as readonly Edge[]).flatMap(({ set, to }) => {
        const characters = set.filter((_, i) => (set[i - (i % 2)] as number) <= HIGHEST).map((point) => Math.min(point, HIGHEST))
        return characters.length > 0 ? [[characters, to] as const] : []
      }),
  })
}
