import { OuroborosError } from '../core/errors.ts'
import { type CharSet, contains, touches } from './char-set.ts'
import { type Item, parseGbnf, type Rule } from './gbnf.ts'
import { refuseLeftRecursion } from './left-recursion.ts'

/** Where a reading of the text stands: at `place` of the program, and behind that at `back`. Equal nodes are one object. */
interface Node {
  readonly id: number
  readonly place: number
  /** Repetitions read so far, if `place` is one. */
  readonly count: number
  readonly back: Node | undefined
}

/** All readings of a text so far. Equal states are one object, as long as the matcher remembers them. */
export interface State {
  /** Each waits for a character. */
  readonly nodes: readonly Node[]
  /** Whether the text may end here. */
  readonly mayEnd: boolean
  /** What comes after an ASCII character; undefined = not computed yet, null = the character is not allowed. */
  readonly ascii: (State | null | undefined)[]
  /** The same for all others. */
  readonly others: Map<number, State | null>
}

type Instruction = Item | { readonly kind: 'end' }

/** Open readings of one text: beyond this a character costs too much. */
const MAX_READINGS = 20_000
/** Nodes looked at for one character. */
const MAX_WORK = 200_000
/** Nodes that are remembered, alone and in states: some 100 bytes each, and as much as 16 of them for a state. */
const MAX_MEMORY = 500_000
const STATE_MEMORY = 16
/** Steps from one state to another that are remembered. */
const MAX_STEPS = 500_000

/**
 * Reads texts by a GBNF grammar, character by character, all readings side by side. No recursion, and the work per
 * character is bounded: whatever the grammar, a step ends or throws E_GRAMMAR.
 */
export class Matcher {
  readonly start: State
  /** Nodes looked at so far: for those who read many texts and want an end to it. */
  work = 0
  readonly #program: Instruction[] = []
  /** Per rule, the places where its alternatives begin. */
  readonly #entries: number[][] = []
  #nodes = new Map<string, Node>()
  #states = new Map<string, State>()
  #ids = 0
  #memory = 0
  #steps = 0

  /** Throws E_GRAMMAR. */
  constructor(grammar: string) {
    const rules = parseGbnf(grammar)
    refuseLeftRecursion(rules)
    for (const { alternatives } of rules)
      this.#entries.push((alternatives as NonNullable<Rule['alternatives']>).map((items) => this.#add(items)))
    this.start = this.#close((this.#entries[0] as number[]).map((place) => this.#node(place, 0, undefined)))
  }

  /** What comes after this character; undefined = it is not allowed. */
  step(state: State, point: number): State | undefined {
    const cached = point < 128 ? state.ascii[point] : state.others.get(point)
    if (cached !== undefined) return cached ?? undefined
    const next = this.#advance(state, point)
    if (++this.#steps > MAX_STEPS) this.#forgetSteps()
    if (point < 128) state.ascii[point] = next ?? null
    else state.others.set(point, next ?? null)
    return next
  }

  /** Whether some character from `low` to `high` is allowed. */
  touches(state: State, low: number, high: number): boolean {
    return state.nodes.some((node) => touches(this.#set(node), low, high))
  }

  /** The characters that may come next, a set per reading. */
  sets(state: State): CharSet[] {
    return state.nodes.map((node) => this.#set(node))
  }

  #advance(state: State, point: number): State | undefined {
    // Asking whether a set has a character is cheap compared to following rules.
    this.work += state.nodes.length >> 3
    const moved = state.nodes.filter((node) => contains(this.#set(node), point)).map(({ place, back }) => this.#node(place + 1, 0, back))
    return moved.length > 0 ? this.#close(moved) : undefined
  }

  /** Follows rules to the characters that they begin with. */
  #close(begin: Node[]): State {
    const seen = new Set(begin)
    const work = [...seen]
    const waiting: Node[] = []
    let mayEnd = false
    const go = (node: Node) => {
      if (seen.has(node)) return
      seen.add(node)
      work.push(node)
    }
    for (let node = work.pop(); node; node = work.pop()) {
      if (seen.size > MAX_WORK || waiting.length > MAX_READINGS) throw tooAmbiguous()
      const { place, count, back } = node
      const instruction = this.#program[place] as Instruction
      if (instruction.kind === 'chars') waiting.push(node)
      else if (instruction.kind === 'end') {
        if (back) go(back)
        else mayEnd = true
      } else if (instruction.kind === 'rule') {
        // Nothing comes after a rule at the end: going on there directly keeps long lists from growing the stack.
        const after = this.#program[place + 1]?.kind === 'end' ? back : this.#node(place + 1, 0, back)
        for (const entry of this.#entries[instruction.rule] as number[]) go(this.#node(entry, 0, after))
      } else {
        const { rule, min, max } = instruction
        if (count >= min) go(this.#node(place + 1, 0, back))
        if (count < max) {
          const again = this.#node(place, max === Number.POSITIVE_INFINITY ? Math.min(count + 1, min) : count + 1, back)
          for (const entry of this.#entries[rule] as number[]) go(this.#node(entry, 0, again))
        }
      }
    }
    this.work += seen.size
    return this.#state(waiting, mayEnd)
  }

  #state(nodes: Node[], mayEnd: boolean): State {
    nodes.sort((a, b) => a.id - b.id)
    const key = `${mayEnd}${nodes.map(({ id }) => id).join()}`
    let state = this.#states.get(key)
    if (!state) {
      // What is forgotten is computed again; states in use live on by themselves.
      if (this.#memory + this.#nodes.size > MAX_MEMORY) {
        this.#states = new Map()
        this.#nodes = new Map()
        this.#memory = 0
      }
      this.#memory += nodes.length + STATE_MEMORY
      state = { nodes, mayEnd, ascii: new Array(128), others: new Map() }
      this.#states.set(key, state)
    }
    return state
  }

  #forgetSteps(): void {
    this.#steps = 0
    for (const { ascii, others } of this.#states.values()) {
      ascii.fill(undefined)
      others.clear()
    }
  }

  #node(place: number, count: number, back: Node | undefined): Node {
    const key = `${place} ${count} ${back?.id}`
    let node = this.#nodes.get(key)
    if (!node) {
      node = { id: this.#ids++, place, count, back }
      this.#nodes.set(key, node)
    }
    return node
  }

  #set({ place }: Node): CharSet {
    return (this.#program[place] as { set: CharSet }).set
  }

  #add(items: readonly Item[]): number {
    const entry = this.#program.length
    for (const item of items) this.#program.push(item)
    this.#program.push({ kind: 'end' })
    return entry
  }
}

/** For readers of many texts, too: the work has become too much. */
export function tooAmbiguous(): OuroborosError {
  return new OuroborosError(
    'E_GRAMMAR',
    'the grammar is too ambiguous: it can read the same text in too many ways at once; write it so that fewer alternatives begin alike',
  )
}
