import { type AcceptanceModel, draftEvidence } from '../../control/acceptance.ts'
import { type Decision, NOTHING, type Planner } from '../../control/planner.ts'
import type { DraftBudget, Drafter, Verdict } from '../../drafter.ts'
import type { Choice } from '../../logits-math.ts'
import type { ForwardInput, Logits } from '../../model.ts'
import { type Continuation, continuations, type PoolTier, predicts } from '../../phrases/continuations.ts'
import { judgePhrase, learnFromRejected, lostToSurer, type TriedPhrase } from '../../phrases/correct.ts'
import type { History } from '../../phrases/history.ts'
import { MAX_KEY, type PhrasePool } from '../../phrases/phrase-pool.ts'
import type { PoolReport } from '../../stats.ts'
import type { PhraseSource, Token } from '../../token.ts'
import { type NodeId, ROOT, type TokenTree } from '../../token-tree.ts'
import { DraftTree, type NodeEstimate } from './draft-tree.ts'
import type { PhraseDrafting } from './phrase-drafting.ts'

/** Upper limits: the planner decides below them. */
export interface OuroborosOptions {
  /** Most tokens that the draft model writes per step (gamma). Default 32. */
  readonly draftLength?: number
  /** Most phrases at the draft's end (K). Default 3. */
  readonly suffixes?: number
  /** Most nodes before the end, the least sure ones, where another token is tried. Default 3. */
  readonly branches?: number
  /** Least probability of a phrase that goes to the target without asking the draft model; > 1 = never. Default 0: where it pays. */
  readonly directChance?: number
  /** What phrases are learned from (besides the window, W): prompt, history, verification. */
  readonly sources: ReadonlySet<PhraseSource>
}

/** What the drafter lives on; the pool, the history and what is learned of acceptance outlive a request. */
export interface OuroborosParts {
  readonly pool: PhrasePool
  readonly history: History
  /** Acceptance of the draft model's tokens, and of phrases. */
  readonly draftAcceptance: AcceptanceModel
  readonly phraseAcceptance: AcceptanceModel
  readonly planner: Planner
  /** Phrases of this request only: a text that the caller expects. */
  readonly expected?: PhrasePool
  /** Absent: no draft model, phrases only. */
  readonly drafting?: PhraseDrafting
  readonly endTokens: ReadonlySet<Token>
}

/** Rejected nodes read per step: each costs a pass over a row of logits. */
const LEARN_NODES = 2
/** Most phrases that ride in one draft pass. */
const GUESSES = 3

/**
 * Ouroboros (Zhao et al., EMNLP 2024): a draft written phrase by phrase, lengthened by phrases for free, and phrases
 * learned from every verification and from all text before. Beyond the published code: the guesses are a trie and keep
 * their bonus token, phrases also replace the draft model where they are surer, branch where it is unsure, and are
 * corrected after rejections as well. It offers generously; the planner keeps what pays.
 */
export class OuroborosDrafter implements Drafter {
  readonly #options: Required<OuroborosOptions>
  readonly #parts: OuroborosParts
  readonly #tiers: readonly PoolTier[]
  /** What the proposal's nodes were estimated from. */
  #estimates: readonly NodeEstimate[] = []
  /** Tokens in a row at the prefix's end that the pool predicted. */
  #predictedRun = 0
  #tried: TriedPhrase[] = []
  #lookups = 0
  #hits = 0

  constructor(options: OuroborosOptions, parts: OuroborosParts) {
    this.#options = { draftLength: 32, suffixes: 3, branches: 3, directChance: 0, ...options }
    this.#parts = parts
    const { expected, history, pool } = parts
    this.#tiers = [
      ...(expected ? [{ pool: expected, isLocal: true }] : []),
      { pool: history.local, isLocal: true },
      { pool, isLocal: false },
    ]
  }

  get pool(): PoolReport {
    return { size: this.#parts.pool.size, lookups: this.#lookups, hits: this.#hits }
  }

  begin(prompt: readonly Token[]): void {
    this.#predictedRun = 0
    this.#parts.planner.close()
    this.#parts.history.begin(prompt, this.#options.sources)
    this.#parts.drafting?.begin(prompt, this.#parts.endTokens)
  }

  *propose(prefix: readonly Token[], budget: DraftBudget): Generator<ForwardInput, TokenTree, Logits> {
    const { planner, drafting } = this.#parts
    this.#tried = []
    drafting?.settle(prefix.length)
    planner.begin(budget, prefix.length, this.#continuations(prefix, 1)[0]?.probabilities[0] ?? 0)
    const draft = new DraftTree(prefix, { depth: Math.min(budget.maxDepth, budget.remainingTokens - 1), nodes: budget.maxNodes })
    const end = yield* this.#draft(draft)
    if (budget.isRecurrent) this.#lengthen(draft, draft.at, Math.min(1, this.#options.suffixes))
    else {
      this.#lengthen(draft, end, this.#options.suffixes)
      this.#branch(draft)
    }
    return this.#send(draft, planner.keep(draft.offered))
  }

  /** The tree of the kept nodes; what belongs to nodes moves along. */
  #send(draft: DraftTree, kept: readonly NodeId[]): TokenTree {
    const places = new Map([[ROOT, ROOT], ...kept.map((node, place) => [node, place] as const)])
    this.#estimates = kept.map((node) => draft.estimates[node] as NodeEstimate)
    this.#tried = this.#tried.flatMap(({ nodes, parent, ...tried }) => {
      const sent = nodes.map((node) => places.get(node)).filter((node) => node !== undefined)
      return sent.length > 0 ? [{ ...tried, parent: places.get(parent) as NodeId, nodes: sent }] : []
    })
    return draft.tree.only(kept)
  }

  /**
   * The trunk: phrases where the pool is surer, else the draft model, phrase by phrase. Returns where the draft model was asked no more:
   * from there on the trunk is phrases only.
   */
  *#draft(draft: DraftTree): Generator<ForwardInput, NodeId, Logits> {
    const { drafting, planner, endTokens } = this.#parts
    let left = this.#options.draftLength
    let run = this.#predictedRun
    let end: NodeId | undefined
    while (draft.room > 0 && !endTokens.has(draft.text.at(-1) as Token)) {
      const phrases = this.#continuations(draft.text, drafting ? GUESSES : 1, run)
      const [phrase] = phrases
      const phraseProbability = phrase?.probabilities[0] ?? 0
      const direct = phrase ? this.#direct(draft, phrase) : NOTHING
      const most = Math.min(left, draft.room)
      const offer = { pathProbability: draft.pathProbability, phraseProbability, most, nodes: draft.tree.size }
      const reading = drafting?.reading(draft.text, (one) => planner.worthReading({ ...offer, ...one }))
      const asked = reading ? planner.worthDrafting({ ...offer, ...reading }) : NOTHING
      if (phrase && direct.count > 0 && direct.gain >= asked.gain) {
        if (asked.count === 0) end ??= draft.at
        const added = this.#attach(draft, draft.at, phrase, direct.count, true)
        if (added === 0) break
        run += added
        continue
      }
      if (!drafting || !reading || asked.count === 0) break
      const written = yield* drafting.pass(draft.text, most, this.#guesses(phrases, reading.pending))
      if (written.length === 0) break
      end = undefined
      run = written.length === 1 && written[0]?.token === phrase?.tokens[0] ? run + 1 : 0
      for (const { token, probability, runnerUp } of written) {
        draft.moveTo(draft.add(draft.at, token, this.#draftEstimate(probability, runnerUp), phraseProbability))
        left--
        if (endTokens.has(token)) break
      }
    }
    return end ?? draft.at
  }

  /** The first tokens of these phrases, as many as pay, that ride in a draft pass of `width` tokens: the draft model may go on with one. */
  #guesses(phrases: readonly Continuation[], width: number): Token[][] {
    let left = 1
    const nodes = phrases.flatMap((phrase, i) => {
      const path = alongPath(left, phrase.probabilities)
      left *= 1 - (phrase.probabilities[0] as number)
      return path.map((probability) => ({ probability, i }))
    })
    nodes.sort((a, b) => b.probability - a.probability)
    const riding = nodes.slice(
      0,
      this.#parts.planner.guessesWorthRiding(
        nodes.map(({ probability }) => probability),
        width,
      ),
    )
    return phrases.map(({ tokens }, i) => tokens.slice(0, riding.filter((node) => node.i === i).length)).filter((guess) => guess.length > 0)
  }

  #draftEstimate(probability: number, runnerUp?: Choice): NodeEstimate {
    const evidence = draftEvidence(probability)
    return { origin: 'draft', evidence, probability: this.#parts.draftAcceptance.probability(evidence), ...(runnerUp && { runnerUp }) }
  }

  /** What a phrase is worth at the trunk's end, without the draft model. */
  #direct(draft: DraftTree, phrase: Continuation): Decision {
    if ((phrase.probabilities[0] as number) < this.#options.directChance) return NOTHING
    const path = alongPath(draft.pathProbability, phrase.probabilities)
    const offered = path.map((pathProbability, i) => ({ pathProbability, phraseProbability: phrase.probabilities[i] as number }))
    return this.#parts.planner.nodesWorthSending(offered, draft.tree.size)
  }

  /** Phrases of the draft's last tokens at its end: a longer draft for no draft pass. */
  #lengthen(draft: DraftTree, end: NodeId, most: number): void {
    const text = draft.textTo(end)
    if (this.#parts.endTokens.has(text.at(-1) as Token)) return
    let left = 1
    for (const phrase of this.#continuations(text, most)) {
      if (draft.tree.child(end, phrase.tokens[0] as Token) !== undefined) continue
      this.#attach(draft, end, besideOthers(phrase, left))
      left *= 1 - (phrase.probabilities[0] as number)
    }
  }

  /** Where the draft was least sure, its second choice or another phrase may win: a rejected trunk need not end the step. */
  #branch(draft: DraftTree): void {
    const trunk = draft.tree.path(draft.at)
    const probabilityOf = (node: NodeId) => (draft.estimates[node] as NodeEstimate).probability
    const weak = trunk
      .map((node, i) => ({ node, parent: i === 0 ? ROOT : (trunk[i - 1] as NodeId) }))
      .sort((a, b) => probabilityOf(a.node) - probabilityOf(b.node))
      .slice(0, this.#options.branches)
    for (const { parent, node } of weak) {
      const left = 1 - probabilityOf(node)
      const other = this.#continuations(draft.textTo(parent), 2).find((phrase) => phrase.tokens[0] !== draft.tree.token(node))
      if (other) this.#attach(draft, parent, besideOthers(other, left))
      const { runnerUp } = draft.estimates[node] as NodeEstimate
      if (!runnerUp || draft.roomAt(parent) <= 0) continue
      const second = draft.add(parent, runnerUp.token, this.#draftEstimate(runnerUp.probability), 0)
      const behind = this.#continuations(draft.textTo(second), 1)[0]
      if (behind) this.#attach(draft, second, behind)
    }
  }

  /** Adds the first `count` tokens of a phrase below `parent`; on the trunk, the trunk moves on. Returns the nodes that it has. */
  #attach(draft: DraftTree, parent: NodeId, phrase: Continuation, count = phrase.tokens.length, onTrunk = false): number {
    const nodes: NodeId[] = []
    let at = parent
    for (const [i, token] of phrase.tokens.slice(0, count).entries()) {
      if (draft.roomAt(at) <= 0) break
      const probability = phrase.probabilities[i] as number
      const estimate = { origin: 'phrase', evidence: phrase.evidence[i] as NodeEstimate['evidence'], probability } as const
      at = draft.add(at, token, estimate, probability, phrase.source)
      nodes.push(at)
      if (onTrunk) draft.moveTo(at)
      if (this.#parts.endTokens.has(token)) break
    }
    if (nodes.length > 0) this.#tried.push({ pool: phrase.pool, parent, keySize: phrase.keySize, nodes })
    return nodes.length
  }

  observe(verdict: Verdict): void {
    const { pool, history, planner, draftAcceptance, phraseAcceptance } = this.#parts
    const accepted = new Set(verdict.accepted)
    const { emitted, proposal } = verdict
    planner.observe(emitted.length, proposal.size, verdict.draftWidths)
    for (const [node, { origin, evidence, runnerUp }] of this.#estimates.entries()) {
      const parent = proposal.parent(node)
      if (parent !== ROOT && !accepted.has(parent)) continue
      // The draft model's probability is that its token is right; a phrase's, that it is where what is surer was wrong.
      if (origin === 'draft') draftAcceptance.learn(evidence, accepted.has(node))
      else if (!lostToSurer(node, proposal, accepted)) phraseAcceptance.learn(evidence, accepted.has(node))
      if (runnerUp) planner.observeDraftToken(accepted.has(node))
    }
    this.#countPredictedRun(verdict)
    const before = verdict.prefix.slice(Math.max(0, verdict.before - MAX_KEY), verdict.before)
    for (const tried of this.#tried) judgePhrase(tried, before, verdict, accepted)
    if (this.#options.sources.has('verification')) {
      learnFromRejected(pool, before, verdict.proposal, accepted, verdict.targetArgmax, LEARN_NODES)
    }
    history.extend(verdict.prefix)
  }

  #continuations(text: readonly Token[], most: number, run = this.#predictedRun): Continuation[] {
    if (most === 0) return []
    const found = continuations(this.#tiers, this.#parts.phraseAcceptance, text, run, most)
    this.#lookups++
    if (found.length > 0) this.#hits++
    return found
  }

  /** Goes on counting over the emitted tokens: which of them would the known phrases have predicted? */
  #countPredictedRun({ prefix, before }: Verdict): void {
    for (let end = before; end < prefix.length; end++) this.#predictedRun = predicts(this.#tiers, prefix, end) ? this.#predictedRun + 1 : 0
  }
}

/** A phrase beside others: it can only win where they do not, and they leave this probability. */
function besideOthers(phrase: Continuation, left: number): Continuation {
  return { ...phrase, probabilities: phrase.probabilities.map((one, i) => (i === 0 ? one * left : one)) }
}

/** Probabilities of the paths that go on from one of this probability. */
function alongPath(before: number, probabilities: readonly number[]): number[] {
  let path = before
  return probabilities.map((probability) => {
    path *= probability
    return path
  })
}
