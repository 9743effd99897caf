import type { CachedSequence } from '../../cached-sequence.ts'
import type { DraftBudget, Drafter, Verdict } from '../../drafter.ts'
import type { ForwardInput, Logits } from '../../model.ts'
import { uniform } from '../../sampling/philox.ts'
import type { Token } from '../../token.ts'
import { type NodeId, ROOT, TokenTree } from '../../token-tree.ts'
import { LookaheadWindow } from '../lookahead-window.ts'
import { correctSuffixes, learnFromRejection } from './correct.ts'
import type { PaperPool } from './pool.ts'

/** The published hyper-parameters. */
export interface PaperOptions {
  /** Window columns. */
  readonly W: number
  /** Key token and phrase. */
  readonly N: number
  /** Phrases kept per key token, all tried in each draft pass. */
  readonly G: number
  /** Phrases at the draft's end. */
  readonly K: number
  /** Draft length. */
  readonly gamma: number
  /** First row of the window, W + N - 3 tokens. Default: drawn from the prompt, as published (other random numbers). */
  readonly initialWindow?: readonly Token[]
}

/**
 * The published method step by step (thunlp/Ouroboros 7dac65b), quirks included: one trunk, suffixes used only behind a
 * fully accepted draft, the last token of a phrase never worth more than a correction. Greedy only. For comparison;
 * `OuroborosDrafter` is the method without the flaws.
 */
export class PaperDrafter implements Drafter {
  readonly #draft: CachedSequence
  readonly #pool: PaperPool
  readonly #options: PaperOptions
  readonly #endTokens: ReadonlySet<Token>
  #window: LookaheadWindow | undefined
  #tree = new TokenTree()
  #trunk: NodeId[] = []
  #suffixes: (readonly Token[])[] = []

  constructor(draft: CachedSequence, pool: PaperPool, options: PaperOptions, endTokens: ReadonlySet<Token>) {
    this.#draft = draft
    this.#pool = pool
    this.#options = options
    this.#endTokens = endTokens
  }

  /** The last proposal: the draft, and the phrases tried behind it, oldest first. */
  get last(): { draft: readonly Token[]; suffixes: readonly (readonly Token[])[] } {
    return { draft: this.#trunk.map((node) => this.#tree.token(node)), suffixes: this.#suffixes }
  }

  begin(prompt: readonly Token[]): void {
    this.#draft.start = 0
    const { W, N, initialWindow } = this.#options
    const size = { window: W, ngram: N }
    const draw = (_: unknown, i: number) => prompt[Math.floor(uniform(10, i) * prompt.length)] as Token
    this.#window = new LookaheadWindow(size, initialWindow ?? Array.from({ length: LookaheadWindow.seedLength(size) }, draw))
  }

  *propose(prefix: readonly Token[], room: DraftBudget): Generator<ForwardInput, TokenTree, Logits> {
    const { gamma, K } = this.#options
    const text = [...prefix]
    this.#draft.settle(prefix.length)
    const full = prefix.length + Math.min(gamma, room.maxDepth)
    while (text.length < full && !(text.length > prefix.length && this.#endTokens.has(text.at(-1) as Token))) {
      const tokens = yield* this.#draftPass(text)
      if (tokens.length === 0) break
      text.push(...tokens)
    }
    text.length = Math.min(text.length, full)

    this.#tree = new TokenTree()
    this.#trunk = this.#tree.addPath(ROOT, text.slice(prefix.length), { proposal: { origin: 'draft' } })
    this.#suffixes = K > 0 ? this.#pool.phrases(text.at(-1) as Token).slice(-K) : []
    for (const phrase of this.#suffixes) {
      this.#tree.addPath(this.#trunk.at(-1) ?? ROOT, usable(phrase), { proposal: { origin: 'phrase' } })
    }
    return this.#tree
  }

  /** Lookahead decoding on the draft model: window and guess set in one pass; the tokens it yields, cut at an end token. */
  *#draftPass(text: readonly Token[]): Generator<ForwardInput, Token[], Logits> {
    const window = this.#window as LookaheadWindow
    const { contextLength, maxBatch, isRecurrent } = this.#draft.cache.model
    const key = text.at(-1) as Token
    const guesses = window.isFull ? this.#pool.phrases(key).map(usable) : []
    const extraNodes = isRecurrent ? 0 : window.nodes + guesses.flat().length
    if (text.length + window.depth > contextLength || extraNodes >= maxBatch) return []
    const tree = TokenTree.chain(yield* this.#draft.catchUp(text, extraNodes))
    const root = tree.size - 1
    if (!isRecurrent) window.attach(tree, root) // a window has branches; without it the draft model writes token by token
    for (const phrase of guesses) tree.addPath(root, phrase)
    const logits = yield { cache: this.#draft.cache, tree }

    const tokens: Token[] = []
    let at = root
    for (;;) {
      const token = logits.argmax(at)
      tokens.push(token)
      const child = tree.child(at, token)
      if (this.#endTokens.has(token) || child === undefined || !isGuess(guesses, tree.tokensTo(child).slice(root + 1))) break
      at = child
    }
    const found = isRecurrent ? [] : window.advance(key, (node) => logits.argmax(node))
    for (const one of found) this.#pool.insert(one.key, one.phrase)
    this.#draft.commit(tree, at)
    return tokens
  }

  observe(verdict: Verdict): void {
    for (let node = ROOT; node < this.#tree.size; node++) if (verdict.targetArgmax(node) === undefined) return // cut at the context's end
    const target = (node: NodeId) => verdict.targetArgmax(node) as Token
    const draft = this.last.draft
    const before = (i: number) => (i === 0 ? ROOT : (this.#trunk[i - 1] as NodeId))
    const rejected = draft.findIndex((token, i) => target(before(i)) !== token)
    // Cells behind the accepted draft are dropped even where a suffix has the same tokens, as published.
    this.#draft.align(verdict.prefix.slice(0, verdict.before + (rejected >= 0 ? rejected : draft.length) + 1))
    const key = draft.at(-1) ?? (verdict.prefix[verdict.before - 1] as Token)
    const end = this.#trunk.at(-1) ?? ROOT
    const phraseLength = this.#options.N - 1
    if (rejected >= 0) {
      const answers = this.#trunk.slice(rejected).map(target)
      learnFromRejection(this.#pool, draft.slice(rejected), answers, phraseLength)
    }
    // The published code counts phrases, not tokens, when a draft is rejected: only every (N-1)th phrase is corrected then.
    const count = rejected >= 0 ? Math.floor(this.#suffixes.length / phraseLength) : this.#suffixes.length
    correctSuffixes(this.#pool, key, this.#suffixes.slice(0, count).map(usable), verdict.proposal, end, target)
  }
}

/** The published code never accepts a phrase's last token as such: after a full match it is the target's own. */
function usable(phrase: readonly Token[]): readonly Token[] {
  return phrase.slice(0, -1)
}

/** Window tokens share the trie with the guesses, but only guesses are matched. */
function isGuess(guesses: readonly (readonly Token[])[], path: readonly Token[]): boolean {
  return guesses.some((phrase) => path.every((token, i) => token === phrase[i]))
}
