import { type AcceptanceEstimate, ANY_DRAFT, CONFIDENCE, CONFIDENT, CONFIDENT_SHARE, draftClass } from '../../control/acceptance.ts'
import type { PhraseChance, PhraseFacts } from '../../control/phrase-chance.ts'
import { type Planner, WORTHLESS, type Worth } from '../../control/planner.ts'
import type { DraftBudget, Drafter, Verdict } from '../../drafter.ts'
import type { ForwardInput, Logits } from '../../model.ts'
import { type Continuation, continuations, type PoolTier, predicts } from '../../phrases/continuations.ts'
import { judgePhrase, learnFromRejected, type TriedPhrase } from '../../phrases/correct.ts'
import type { History } from '../../phrases/history.ts'
import { MAX_KEY, type PhrasePool } from '../../phrases/phrase-pool.ts'
import type { PoolReport } from '../../stats.ts'
import type { PhraseSource, Token } from '../../token.ts'
import { type NodeId, ROOT, type TokenTree } from '../../token-tree.ts'
import { DraftTree } from './draft-tree.ts'
import type { PhraseDrafting } from './phrase-drafting.ts'

export interface OuroborosOptions {
  /** Tokens that the draft model writes per step (gamma); absent: as many as pay. */
  readonly draftLength?: number
  /** Phrases hung at the draft's end (K), and other phrases at nodes before it where the draft is unsure; absent: as far as they pay. */
  readonly suffixes?: number
  readonly branches?: number
  /** A phrase whose first token has at least this chance goes to the target without asking the draft model; > 1 = never; absent: where it pays. */
  readonly directChance?: number
  /** What phrases are learned from (besides the window, W): prompt, history, verification. */
  readonly sources: ReadonlySet<PhraseSource>
}

/** What the drafter lives on; the pool, the history and the estimate outlive a request. */
export interface OuroborosParts {
  readonly pool: PhrasePool
  readonly history: History
  /** Chances of the draft model's tokens, and of phrases. */
  readonly estimate: AcceptanceEstimate
  readonly phraseChance: PhraseChance
  readonly planner: Planner
  /** Phrases of this request only: a text that the caller expects. */
  readonly expected?: PhrasePool
  /** Absent: no draft model, phrases only. */
  readonly drafting?: PhraseDrafting
  readonly endTokens: ReadonlySet<Token>
}

/** Rejected nodes read per step: each costs a pass over a row of logits. */
const LEARN_NODES = 2
/** Where nothing is set and costs allow it. */
const MOST_DRAFT = 32
const MOST_SUFFIXES = 3
const MOST_BRANCHES = 2

/**
 * Ouroboros (Zhao et al., EMNLP 2024): a draft written phrase by phrase, lengthened by phrases for free, and phrases
 * learned from every verification and from all text before. Beyond the published code: the guesses are a trie and keep
 * their bonus token, phrases also replace the draft model where they are surer, branch where it is unsure, and are
 * corrected after rejections as well.
 */
export class OuroborosDrafter implements Drafter {
  readonly #options: OuroborosOptions
  readonly #parts: OuroborosParts
  readonly #shelves: readonly PoolTier[]
  /** What each node's chance was an estimate from: a class of draft tokens, or facts of a phrase. */
  #grounds: (number | PhraseFacts)[] = []
  /** Tokens in a row at the prefix's end that the pool foresaw. */
  #streak = 0
  #tried: TriedPhrase[] = []
  #lookups = 0
  #hits = 0

  constructor(options: OuroborosOptions, parts: OuroborosParts) {
    this.#options = options
    this.#parts = parts
    const { expected, history, pool } = parts
    this.#shelves = [
      ...(expected ? [{ pool: expected, isLocal: true }] : []),
      { pool: history.local, isLocal: true },
      { pool, isLocal: false },
    ]
  }

  get pool(): PoolReport {
    return { size: this.#parts.pool.size, lookups: this.#lookups, hits: this.#hits }
  }

  /** Whether something was set by the user: that is not weighed again. */
  get #isFixed(): boolean {
    const { draftLength, suffixes, branches, directChance } = this.#options
    return [draftLength, suffixes, branches, directChance].some((one) => one !== undefined)
  }

  begin(prompt: readonly Token[]): void {
    this.#streak = 0
    this.#parts.planner.close()
    this.#parts.history.begin(prompt, this.#options.sources)
    this.#parts.drafting?.begin(prompt)
  }

  *propose(prefix: readonly Token[], room: DraftBudget): Generator<ForwardInput, TokenTree, Logits> {
    this.#grounds = []
    this.#tried = []
    const { planner } = this.#parts
    planner.begin({
      base: room.pendingTokens,
      beside: room.otherTokens,
      context: prefix.length - room.pendingTokens,
      remaining: room.remainingTokens,
      known: this.#continuations(prefix, 1)[0]?.chances[0] ?? 0,
    })
    const growth = new DraftTree(prefix, { depth: Math.min(room.maxDepth, room.remainingTokens - 1), nodes: room.maxNodes })
    this.#lengthen(growth, yield* this.#draft(growth))
    this.#branch(growth)
    return this.#isFixed ? growth.tree : growth.first(planner.trim(growth.chances, growth.known))
  }

  /**
   * The trunk: phrases where the pool is surer, else the draft model, phrase by phrase. Returns where the draft model was asked no more:
   * from there on the trunk is phrases only.
   */
  *#draft(growth: DraftTree): Generator<ForwardInput, NodeId, Logits> {
    const { drafting, estimate, endTokens } = this.#parts
    let left = this.#options.draftLength ?? MOST_DRAFT
    let streak = this.#streak
    let end: NodeId | undefined
    while (growth.room > 0 && !endTokens.has(growth.text.at(-1) as Token)) {
      const phrase = this.#continuations(growth.text, 1, streak)[0]
      const known = phrase?.chances[0] ?? 0
      const direct = phrase ? this.#direct(growth, phrase) : WORTHLESS
      const most = Math.min(left, growth.room)
      const asked = this.#ask(growth, most, known)
      if (phrase && direct.count > 0 && direct.gain >= asked.gain) {
        if (asked.count === 0) end ??= growth.at
        const added = this.#hang(growth, growth.at, phrase, direct.count, true)
        if (added === 0) break
        streak += added
        continue
      }
      if (!drafting || asked.count === 0) break
      const written = yield* drafting.pass(growth.text, most, phrase ? this.#guess(phrase, drafting.pending(growth.text)) : [])
      if (written.length === 0) break
      end = undefined
      streak = written.length === 1 && written[0]?.token === phrase?.tokens[0] ? streak + 1 : 0
      for (const { token, probability } of written) {
        const kind = draftClass(probability)
        estimate.record(CONFIDENT_SHARE, estimate.chance(kind) >= CONFIDENCE)
        left--
        growth.extend(token, growth.chance * estimate.chance(kind), known)
        this.#grounds[growth.at] = kind
        if (endTokens.has(token)) break
      }
    }
    return end ?? growth.at
  }

  /** What a phrase is worth at the trunk's end, without the draft model. */
  #direct(growth: DraftTree, phrase: Continuation): Worth {
    const { directChance } = this.#options
    if (directChance === undefined) {
      return this.#parts.planner.verify(along(growth.chance, phrase.chances), growth.tree.size, phrase.chances[0] as number)
    }
    return (phrase.chances[0] as number) >= directChance ? { count: phrase.tokens.length, gain: Number.POSITIVE_INFINITY } : WORTHLESS
  }

  /** What asking the draft model is worth at the trunk's end. */
  #ask(growth: DraftTree, most: number, known: number): Worth {
    const { drafting, planner, estimate } = this.#parts
    if (!drafting || most <= 0) return WORTHLESS
    if (this.#options.draftLength !== undefined) return { count: most, gain: Number.MAX_VALUE }
    return planner.draft({
      chance: growth.chance,
      tokenChance: estimate.chance(ANY_DRAFT),
      confident: estimate.chance(CONFIDENT_SHARE),
      confidentChance: estimate.chance(CONFIDENT),
      most,
      pending: drafting.pending(growth.text),
      nodes: growth.tree.size,
      known,
    })
  }

  /** As much of a phrase as may ride in a draft pass: what the draft model would write as well costs no further pass. */
  #guess(phrase: Continuation, pending: number): Token[] {
    return phrase.tokens.slice(0, this.#parts.planner.guess(along(1, phrase.chances), pending))
  }

  /** Phrases of the draft's last tokens hang at its end: a longer draft for no draft pass. */
  #lengthen(growth: DraftTree, end: NodeId): void {
    const text = growth.textTo(end)
    if (this.#parts.endTokens.has(text.at(-1) as Token)) return
    const { suffixes } = this.#options
    for (const phrase of this.#continuations(text, suffixes ?? (this.#parts.planner.allowsBranches ? MOST_SUFFIXES : 1))) {
      if (growth.tree.child(end, phrase.tokens[0] as Token) === undefined) this.#offer(growth, end, phrase, suffixes !== undefined)
    }
  }

  /** Where the draft was least sure, another phrase may win: a rejected trunk need not end the step. */
  #branch(growth: DraftTree): void {
    const { branches } = this.#options
    const trunk = growth.tree.path(growth.at)
    const weak = trunk
      .map((node, i) => ({ parent: i === 0 ? ROOT : (trunk[i - 1] as NodeId), node, chance: this.#chanceOf(node) }))
      .sort((a, b) => a.chance - b.chance)
      .slice(0, branches ?? (this.#parts.planner.allowsBranches ? MOST_BRANCHES : 0))
    for (const { parent, node, chance } of weak) {
      const text = growth.textTo(parent)
      const other = this.#continuations(text, 2).find((phrase) => phrase.tokens[0] !== growth.tree.token(node))
      if (!other) continue
      // At most the chance that the trunk's token is wrong is left for another one.
      const first = Math.min(other.chances[0] as number, 1 - chance)
      this.#offer(growth, parent, { ...other, chances: [first, ...other.chances.slice(1)] }, branches !== undefined)
    }
  }

  /** Hangs a phrase below `parent` as far as it pays; `whole`: all of it, as its caller has said how many. */
  #offer(growth: DraftTree, parent: NodeId, phrase: Continuation, whole: boolean): void {
    const chances = along(growth.chanceAt(parent), phrase.chances)
    const { count } = whole ? { count: chances.length } : this.#parts.planner.verify(chances, growth.tree.size, phrase.chances[0] as number)
    this.#hang(growth, parent, phrase, count, false)
  }

  /** Adds the first `count` tokens of a phrase below `parent`; on the trunk, the trunk moves on. Returns the nodes that it has. */
  #hang(growth: DraftTree, parent: NodeId, phrase: Continuation, count: number, onTrunk: boolean): number {
    const nodes: NodeId[] = []
    let chance = growth.chanceAt(parent)
    let at = parent
    for (const [i, token] of phrase.tokens.slice(0, count).entries()) {
      chance *= phrase.chances[i] as number
      if (growth.roomAt(at) <= 0) break
      const known = growth.tree.child(at, token)
      at = growth.add(at, token, chance, phrase.chances[i] as number, 'phrase', phrase.source)
      if (known === undefined) this.#grounds[at] = phrase.facts[i] as PhraseFacts
      nodes.push(at)
      if (onTrunk) growth.moveTo(at)
      if (this.#parts.endTokens.has(token)) break
    }
    if (nodes.length > 0) this.#tried.push({ pool: phrase.pool, parent, keySize: phrase.keySize, nodes })
    return nodes.length
  }

  observe(verdict: Verdict): void {
    const { pool, history, estimate, phraseChance } = this.#parts
    const accepted = new Set(verdict.accepted)
    const { emitted, proposal } = verdict
    this.#parts.planner.observe({ emitted: emitted.length, nodes: proposal.size, draftWidths: verdict.draftWidths })
    const reached = (node: NodeId) => {
      const parent = verdict.proposal.parent(node)
      return parent === ROOT || accepted.has(parent)
    }
    for (let node = 0; node < proposal.size; node++) {
      const ground = this.#grounds[node]
      if (ground === undefined || !reached(node)) continue
      const held = accepted.has(node)
      if (typeof ground === 'number') {
        if (estimate.chance(ground) >= CONFIDENCE) estimate.record(CONFIDENT, held)
        estimate.record(ANY_DRAFT, held)
        estimate.record(ground, held)
      } else phraseChance.learn(ground, held)
    }
    if (verdict.draftWidths.length === 0) for (const kind of [ANY_DRAFT, CONFIDENT, CONFIDENT_SHARE]) estimate.fade(kind)
    this.#countStreak(verdict)
    const before = verdict.prefix.slice(Math.max(0, verdict.before - MAX_KEY), verdict.before)
    for (const tried of this.#tried) {
      const nodes = tried.nodes.filter((node) => node < proposal.size)
      if (nodes.length > 0) judgePhrase({ ...tried, nodes }, before, verdict, accepted)
    }
    if (this.#options.sources.has('verification')) {
      learnFromRejected(pool, before, verdict.proposal, accepted, verdict.targetArgmax, LEARN_NODES)
    }
    history.extend(verdict.prefix)
  }

  #continuations(text: readonly Token[], most: number, streak = this.#streak): Continuation[] {
    if (most === 0) return []
    const found = continuations(this.#shelves, this.#parts.phraseChance, text, streak, most)
    this.#lookups++
    if (found.length > 0) this.#hits++
    return found
  }

  /** How sure a node was, given its parent. */
  #chanceOf(node: NodeId): number {
    const ground = this.#grounds[node]
    if (ground === undefined) return 1
    return typeof ground === 'number' ? this.#parts.estimate.chance(ground) : this.#parts.phraseChance.of(ground)
  }

  /** Goes on counting over the emitted tokens: which of them would the known phrases have foreseen? */
  #countStreak({ prefix, before }: Verdict): void {
    for (let end = before; end < prefix.length; end++) this.#streak = predicts(this.#shelves, prefix, end) ? this.#streak + 1 : 0
  }
}

/** Chances of the paths that go on from one of chance `before`. */
function along(before: number, chances: readonly number[]): number[] {
  let path = before
  return chances.map((chance) => {
    path *= chance
    return path
  })
}
