import { HIGHEST } from '../../grammar/char-set.ts'
import { MAX_LENGTH } from '../../grammar/gbnf.ts'
import { type Automaton, type Edge, TooManyStates } from './automaton.ts'
import { wrong } from './schema-error.ts'
import type { SchemaReader } from './schema-reader.ts'
import type { Node } from './shape.ts'
import { characters, jsonCharacters } from './spelling.ts'

/** The language itself. White space is bounded: a model may write as much as a grammar lets it. */
const BASE: Readonly<Record<string, string>> = {
  space: String.raw`| " " | "\n" [ \t]{0,20}`,
  // No half of a surrogate pair: it is no text.
  char: String.raw`[^"\\\x00-\x1F] | "\\" (["\\/bfnrt] | "u" ([0-9abcefABCEF] [0-9a-fA-F]{3} | [dD] ([0-7] [0-9a-fA-F]{2} | [89abAB] [0-9a-fA-F]{2} "\\u" [dD] [c-fC-F] [0-9a-fA-F]{2})))`,
  chars: 'char*',
  string: String.raw`"\"" chars "\"" space`,
  integer: '"-"? ("0" | [1-9] [0-9]{0,19}) space',
  number: '"-"? ("0" | [1-9] [0-9]{0,19}) ("." [0-9]{1,16})? ([eE] [-+]? [0-9]{1,3})? space',
  boolean: '("true" | "false") space',
  null: '"null" space',
  value: 'object | array | string | number | boolean | null',
  object: '"{" space (string ":" space value ("," space string ":" space value)*)? "}" space',
  array: '"[" space (value ("," space value)*)? "]" space',
}
const USES: Readonly<Record<string, readonly string[]>> = {
  chars: ['char'],
  string: ['chars', 'space'],
  integer: ['space'],
  number: ['space'],
  boolean: ['space'],
  null: ['space'],
  value: ['object', 'array', 'string', 'number', 'boolean', 'null'],
  object: ['string', 'value', 'space'],
  array: ['value', 'space'],
}

/** Rules that one language may need. */
const MAX_STATES = 8000

/** What rules for arrays and objects are made with. */
export interface Writer {
  readonly rules: Rules
  readonly reader: SchemaReader
  /** The rule of a node's values. */
  ruleOf(node: Node, wish: string): string
}

/** A grammar in the making. */
export class Rules {
  readonly #rules = new Map<string, string>()
  readonly #automata = new Map<Automaton, string>()
  readonly #characters = new Map<string, string>()
  #length = 0
  /** Per wish, the next number to try. */
  readonly #twins = new Map<string, number>()

  /** A free name like this one. */
  name(wish: string): string {
    const plain =
      wish
        .replace(/[^a-zA-Z0-9]+/g, '-')
        .replace(/^-+|-+$/g, '')
        .slice(-40) || 'rule'
    let name = plain
    for (let i = this.#twins.get(plain) ?? 2; this.#rules.has(name) || Object.hasOwn(BASE, name) || name === 'root'; i++) {
      name = `${plain}-${i}`
      this.#twins.set(plain, i + 1)
    }
    this.#rules.set(name, '')
    return name
  }

  /** Throws E_GRAMMAR where the grammar gets too long. */
  define(name: string, body: string): string {
    this.#rules.set(name, body)
    this.#length += name.length + body.length + '  ::= \n'.length
    if (this.#length > MAX_LENGTH) throw wrong('schema', `is too large: its grammar would have more than ${MAX_LENGTH} characters`)
    return name
  }

  /** A rule of the language itself, and those that it stands on. */
  use(name: string): string {
    if (this.#rules.has(name)) return name
    this.#rules.set(name, BASE[name] as string)
    for (const other of USES[name] ?? []) this.use(other)
    return name
  }

  /** The texts of an automaton, a rule per state; `json` = as they stand inside a JSON string. */
  automaton(automaton: Automaton, json: boolean, wish: string): string {
    const known = this.#automata.get(automaton)
    if (known) return known
    if (automaton.edges.length > MAX_STATES) throw new TooManyStates()
    // Where anything may follow, the rule of all strings does.
    const isFree = (state: number) => json && automaton.accepts[state] && isEverything(automaton.edges[state] as readonly Edge[], state)
    const names = automaton.edges.map((_, i) => (isFree(i) ? this.use('chars') : this.name(`${wish}-${i}`)))
    this.#automata.set(automaton, names[0] as string)
    for (const [state, edges] of automaton.edges.entries()) {
      if (isFree(state)) continue
      const ways = edges.flatMap(({ set, to }: Edge) =>
        (json ? jsonCharacters(set) : [characters(set)]).map((character) => `${this.#short(character)} ${names[to]}`),
      )
      this.define(names[state] as string, [...ways, ...(automaton.accepts[state] ? ['""'] : [])].join(' | '))
    }
    return names[0] as string
  }

  /** A long class of characters is written once. */
  #short(character: string): string {
    if (character.length < 40) return character
    const known = this.#characters.get(character) ?? this.define(this.name('characters'), character)
    this.#characters.set(character, known)
    return known
  }

  print(root: string): string {
    return [['root', root], ...this.#rules].map(([name, body]) => `${name} ::= ${body}\n`).join('')
  }
}

function isEverything([edge]: readonly Edge[], state: number): boolean {
  return edge?.to === state && edge.set.length === 2 && edge.set[0] === 0 && (edge.set[1] as number) >= HIGHEST
}
