import type { CachedSequence } from '../../cached-sequence.ts'
import { CONTROL } from '../../control/constants.ts'
import type { CostModel } from '../../control/pass-costs.ts'
import type { Reading } from '../../control/planner.ts'
import { type Choice, topConfidence } from '../../logits-math.ts'
import type { ForwardInput, Logits } from '../../model.ts'
import { MAX_KEY, type PhrasePool } from '../../phrases/phrase-pool.ts'
import { uniform } from '../../sampling/philox.ts'
import type { Token } from '../../token.ts'
import { TokenTree } from '../../token-tree.ts'
import { LookaheadWindow, type WindowSize } from '../lookahead-window.ts'
import { lastTurn, suits } from './draft-view.ts'

export interface PhraseDraftingOptions extends WindowSize {
  /** Phrases tried per draft pass (G); 0 = none; absent: those that the caller gives. `window` (W) 0 = no window; both 0 = plain drafting. */
  readonly guesses?: number
}

/** Columns W of a lookahead window on the draft model that pay, with phrases of N = `ngram` tokens, key included; 0 = none: on processors. */
export function windowThatPays(draft: CostModel, ngram: number): number {
  const pass = draft.seconds(1)
  const pays = (columns: number) => draft.seconds(1 + columns * (ngram - 1)) - pass <= CONTROL.columnWorth * columns * pass
  return [16, 8, 4].find(pays) ?? 0
}

/** A token that the draft model wrote, with its own probability, and its second choice. */
export interface DraftedToken extends Choice {
  readonly runnerUp?: Choice
}

/**
 * Drafting by phrases (paper, section 3.1): lookahead decoding on the draft model. One pass runs the last token, the window
 * and the guess set together; guesses are one trie, the longest path that the draft model itself would write is kept with
 * the token behind it, and what the window found goes into the pool.
 */
export class PhraseDrafting {
  readonly #draft: CachedSequence
  readonly #pool: PhrasePool
  readonly #options: PhraseDraftingOptions
  #window: LookaheadWindow | undefined
  /** Where the prompt's last turn begins. */
  #turn: number | undefined

  constructor(draft: CachedSequence, pool: PhrasePool, options: PhraseDraftingOptions) {
    this.#draft = draft
    this.#pool = pool
    this.#options = options
  }

  /** A new prompt: what was left out stays left out if its cache can be gone on from. Cold start: the window's first row is drawn from the prompt. */
  begin(prompt: readonly Token[], endTokens: ReadonlySet<Token>): void {
    if (!suits(this.#draft, prompt)) this.#draft.start = 0
    this.#turn = lastTurn(prompt, endTokens)
    const { window } = this.#options
    if (window === 0) return
    const draw = (_: unknown, i: number) => prompt[Math.floor(uniform(0, i) * prompt.length)] as Token
    this.#window = new LookaheadWindow(this.#options, Array.from({ length: LookaheadWindow.seedLength(this.#options) }, draw))
  }

  /** So many tokens of the text are not guesses. */
  settle(length: number): void {
    this.#draft.settle(length)
  }

  /**
   * What the draft model has to read before it goes on behind `text`, at least the last token. It begins with the last turn where that is worth
   * more than all of it, and anew with few tokens where its context is full. `worth`: seconds that a reading gains.
   */
  reading(text: readonly Token[], worth: (reading: Reading) => number): Reading {
    const draft = this.#draft
    const { contextLength } = draft.cache.model
    let now = this.#reading(text)
    if (now.context <= contextLength && now.pending < CONTROL.recentTokens) return now
    const before = draft.start
    if (this.#turn !== undefined && text.length - this.#turn <= contextLength / 2) {
      draft.start = this.#turn
      const recent = this.#reading(text)
      const isBetter = recent.pending < now.pending && CONTROL.recentWorth * worth(recent) > Math.max(0, worth(now))
      if (isBetter || now.context > contextLength) return recent
      draft.start = before
    }
    if (now.context > contextLength) {
      draft.start = text.length - Math.min(CONTROL.recentTokens, Math.floor(contextLength / 2))
      now = this.#reading(text)
    }
    return now
  }

  /** With what is left out now. */
  #reading(text: readonly Token[]): Reading {
    const context = text.length - this.#draft.skipped
    return { context, pending: context - this.#draft.common(text) }
  }

  /** One draft pass behind `text`: at least one token and at most `most`, or none at the draft model's context end. `given`: phrases that may follow. */
  *pass(text: readonly Token[], most: number, given: readonly (readonly Token[])[] = []): Generator<ForwardInput, DraftedToken[], Logits> {
    const { contextLength, maxBatch } = this.#draft.cache.model
    const room = contextLength - this.#reading(text).context
    if (room < 0) return []
    const { guesses, window } = this.#beside(text, given, Math.min(most - 1, room), room, maxBatch - 1)
    const pending = yield* this.#draft.catchUp(text, guesses.flat().length + (window?.nodes ?? 0))
    const tree = TokenTree.chain(pending)
    const root = tree.size - 1
    window?.attach(tree, root)
    for (const phrase of guesses) tree.addPath(root, phrase)
    const logits = yield { cache: this.#draft.cache, tree }

    const tokens: DraftedToken[] = []
    let at = root
    for (;;) {
      const drafted = topConfidence(logits.math, logits.row(at))
      tokens.push(drafted)
      const child = tree.child(at, drafted.token)
      if (child === undefined || !tree.needsLogits(child) || tokens.length === most) break
      at = child
    }
    this.#draft.commit(tree, at)
    for (const { key, phrase } of window?.advance(text.at(-1) as Token, (node) => logits.argmax(node)) ?? []) {
      this.#pool.insert([key, ...phrase], 1, phrase.length + 1, 1, 'window', 0)
    }
    return tokens
  }

  /** What rides in the pass of the last token, as far as context (`room`) and batch (`nodes`) reach: guesses first. */
  #beside(
    text: readonly Token[],
    given: readonly (readonly Token[])[],
    longest: number,
    room: number,
    nodes: number,
  ): { guesses: Token[][]; window?: LookaheadWindow } {
    let left = nodes
    const { isRecurrent } = this.#draft.cache.model
    const { guesses: most } = this.#options
    const guesses: Token[][] = []
    const tried = most === undefined ? given : this.#guesses(text, most)
    for (const phrase of isRecurrent ? tried.slice(0, 1) : tried) {
      const guess = phrase.slice(0, longest)
      if (guess.length === 0 || guess.length > left) continue
      guesses.push(guess)
      left -= guess.length
    }
    const window = this.#window
    return { guesses, ...(window && !isRecurrent && window.depth <= room && window.nodes <= left && { window }) }
  }

  /** The guess set: phrases behind the last tokens, longest key first, no first token twice. */
  #guesses(text: readonly Token[], most: number): Token[][] {
    const chosen = new Map<Token, Token[]>()
    for (let keySize = MAX_KEY; keySize > 0; keySize--) {
      for (const id of this.#pool.find(text, text.length, keySize)) {
        if (chosen.size >= most) return [...chosen.values()]
        const { tokens } = this.#pool.phrase(id)
        if (!chosen.has(tokens[0] as Token)) chosen.set(tokens[0] as Token, [...tokens])
      }
    }
    return [...chosen.values()]
  }
}
