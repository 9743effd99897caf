import { type AcceptanceEstimate, draftClass, phraseClass } from './acceptance-estimate.ts'
import { judgePhrase, learnFromRejected, type TriedPhrase } from './correct.ts'
import type { PhraseDrafting } from './draft-by-phrases.ts'
import type { Drafter, Room, Verdict } from './drafter.ts'
import { Growth } from './growth.ts'
import type { History } from './history.ts'
import { type Continuation, continuations } from './lengthen.ts'
import type { Logits, Pass } from './model.ts'
import { MAX_KEY, type PhrasePool } from './phrase-pool.ts'
import type { Planner } from './planner.ts'
import type { PoolReport } from './stats.ts'
import type { PhraseSource, Token } from './token.ts'
import { type NodeId, ROOT, type TokenTree } from './token-tree.ts'

export interface OuroborosOptions {
  /** Most tokens that the draft model writes per step (gamma). */
  readonly draftLength: number
  /** Phrases hung at the draft's end (K). */
  readonly suffixes: number
  /** Other phrases hung at nodes before it, where the draft is unsure. */
  readonly branches: number
  /** A phrase whose first token has at least this chance goes to the target without asking the draft model; > 1 = never. */
  readonly directChance: number
  /** What phrases are learnt from (besides the window, W): prompt, history, verification. */
  readonly sources: ReadonlySet<PhraseSource>
}

/** What the drafter lives on; the pool, the history and the estimate outlive a request. */
export interface OuroborosParts {
  readonly pool: PhrasePool
  readonly history: History
  readonly estimate: AcceptanceEstimate
  readonly planner: Planner
  /** Phrases of this request only: a text that the caller expects. */
  readonly expected?: PhrasePool
  /** Absent: no draft model, phrases only. */
  readonly drafting?: PhraseDrafting
  readonly endTokens: ReadonlySet<Token>
}

/** Rejected nodes read per step: each costs a pass over a row of logits. */
const LEARN_NODES = 8

/**
 * Ouroboros (Zhao et al., EMNLP 2024): a draft written phrase by phrase, lengthened by phrases for free, and phrases
 * learnt from every verification and from all text before. Beyond the published code: the guesses are a trie and keep
 * their bonus token, phrases also replace the draft model where they are surer, branch where it is unsure, and are
 * corrected after rejections as well.
 */
export class OuroborosDrafter implements Drafter {
  readonly #options: OuroborosOptions
  readonly #parts: OuroborosParts
  readonly #pools: readonly PhrasePool[]
  #classes: number[] = []
  #tried: TriedPhrase[] = []
  #lookups = 0
  #hits = 0

  constructor(options: OuroborosOptions, parts: OuroborosParts) {
    this.#options = options
    this.#parts = parts
    this.#pools = parts.expected ? [parts.expected, parts.pool] : [parts.pool]
  }

  get pool(): PoolReport {
    return { size: this.#parts.pool.size, lookups: this.#lookups, hits: this.#hits }
  }

  begin(prompt: readonly Token[]): void {
    this.#parts.history.begin(prompt, this.#options.sources)
    this.#parts.drafting?.begin(prompt)
  }

  *propose(prefix: readonly Token[], room: Room): Generator<Pass, TokenTree, Logits> {
    this.#classes = []
    this.#tried = []
    const growth = new Growth(prefix, { depth: Math.min(room.depth, room.remaining - 1), nodes: room.nodes })
    yield* this.#draft(growth)
    this.#lengthen(growth)
    this.#branch(growth)
    return growth.tree
  }

  /** The trunk: phrases where the pool is sure, else the draft model, phrase by phrase. */
  *#draft(growth: Growth): Generator<Pass, void, Logits> {
    const { drafting, planner, estimate, endTokens } = this.#parts
    let left = drafting ? this.#options.draftLength : 0
    while (growth.room > 0 && !endTokens.has(growth.text.at(-1) as Token)) {
      const direct = this.#continuations(growth.text, 1)[0]
      if (direct && (direct.chances[0] as number) >= this.#options.directChance && this.#hang(growth, growth.at, direct, true) > 0) continue
      if (!drafting || left <= 0 || !planner.drafts(growth.chance * this.#typicalDraftChance, growth.tree.size)) return
      const written = yield* drafting.pass(growth.text, Math.min(left, growth.room))
      if (written.length === 0) return
      for (const { token, probability } of written) {
        const kind = draftClass(probability)
        const chance = growth.chance * estimate.chance(kind)
        if (!planner.verifies(chance, growth.tree.size)) return
        left--
        growth.extend(token, chance, 'draft')
        this.#classes[growth.at] = kind
        if (endTokens.has(token)) return
      }
    }
  }

  /** Phrases of the draft's last tokens hang at its end: a longer draft for no draft pass. */
  #lengthen(growth: Growth): void {
    if (this.#parts.endTokens.has(growth.text.at(-1) as Token)) return
    for (const phrase of this.#continuations(growth.text, this.#options.suffixes)) this.#hang(growth, growth.at, phrase, false)
  }

  /** Where the draft was least sure, another phrase may win: a rejected trunk need not end the step. */
  #branch(growth: Growth): void {
    const trunk = growth.tree.path(growth.at)
    const weak = trunk
      .map((node, i) => ({ parent: i === 0 ? ROOT : (trunk[i - 1] as NodeId), node, chance: this.#chanceOf(node) }))
      .sort((a, b) => a.chance - b.chance)
      .slice(0, this.#options.branches)
    for (const { parent, node, chance } of weak) {
      const text = growth.textTo(parent)
      const other = this.#continuations(text, 2).find((phrase) => phrase.tokens[0] !== growth.tree.token(node))
      if (!other) continue
      // At most the chance that the trunk's token is wrong is left for another one.
      const first = Math.min(other.chances[0] as number, 1 - chance)
      this.#hang(growth, parent, { ...other, chances: [first, ...other.chances.slice(1)] }, false)
    }
  }

  /** Adds a phrase below `parent` as far as it pays; on the trunk, the trunk moves on. Returns the nodes that it has. */
  #hang(growth: Growth, parent: NodeId, phrase: Continuation, onTrunk: boolean): number {
    const nodes: NodeId[] = []
    let chance = growth.chanceAt(parent)
    let at = parent
    for (const [i, token] of phrase.tokens.entries()) {
      chance *= phrase.chances[i] as number
      if (growth.roomAt(at) <= 0 || !this.#parts.planner.verifies(chance, growth.tree.size)) break
      const known = growth.tree.child(at, token)
      at = growth.add(at, token, chance, 'phrase', phrase.source)
      if (known === undefined) this.#classes[at] = phraseClass(phrase.keySize, phrase.seen, i === 0)
      nodes.push(at)
      if (onTrunk) growth.moveTo(at)
      if (this.#parts.endTokens.has(token)) break
    }
    if (nodes.length > 0) this.#tried.push({ pool: phrase.pool, parent, keySize: phrase.keySize, nodes })
    return nodes.length
  }

  observe(verdict: Verdict): void {
    const { pool, history, estimate } = this.#parts
    const accepted = new Set(verdict.accepted)
    const reached = (node: NodeId) => {
      const parent = verdict.draft.parent(node)
      return parent === ROOT || accepted.has(parent)
    }
    for (let node = 0; node < verdict.draft.size; node++) {
      const kind = this.#classes[node]
      if (kind !== undefined && reached(node)) estimate.record(kind, accepted.has(node))
    }
    const before = verdict.prefix.slice(Math.max(0, verdict.before - MAX_KEY), verdict.before)
    for (const tried of this.#tried) judgePhrase(tried, before, verdict, accepted)
    if (this.#options.sources.has('verification')) {
      learnFromRejected(pool, before, verdict.draft, accepted, verdict.targetArgmax, LEARN_NODES)
    }
    history.extend(verdict.prefix)
  }

  #continuations(text: readonly Token[], most: number): Continuation[] {
    if (most === 0) return []
    const found = continuations(this.#pools, this.#parts.estimate, text, most)
    this.#lookups++
    if (found.length > 0) this.#hits++
    return found
  }

  #chanceOf(node: NodeId): number {
    const kind = this.#classes[node]
    return kind === undefined ? 1 : this.#parts.estimate.chance(kind)
  }

  /** Chance of a draft token before it is known. */
  get #typicalDraftChance(): number {
    return this.#parts.estimate.chance(draftClass(0.9))
  }
}
