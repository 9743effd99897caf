import type { DraftBudget, Drafter, Verdict } from '../drafter.ts'
import type { ForwardInput, Logits } from '../model.ts'
import { uniform } from '../sampling/philox.ts'
import type { Token } from '../token.ts'
import { ROOT, TokenTree } from '../token-tree.ts'
import { LookaheadWindow, type WindowSize } from './lookahead-window.ts'
import { PaperPool } from './paper/pool.ts'

export interface LookaheadOptions extends WindowSize {
  /** Phrases kept per key token and tried per step (G). */
  readonly guesses: number
}

/**
 * Lookahead decoding (Fu et al. 2402.02057) on the target itself: window and guesses ride along in the verification pass;
 * no draft model. The pool is the method's own: key token → newest G phrases, from the prompt and the window.
 */
export class LookaheadDrafter implements Drafter {
  readonly #options: LookaheadOptions
  readonly #pool: PaperPool
  #window: LookaheadWindow | undefined
  #proposed: TokenTree | undefined
  #learnsFromText = false

  constructor(options: LookaheadOptions) {
    this.#options = options
    this.#pool = new PaperPool(options.guesses)
  }

  begin(prompt: readonly Token[]): void {
    this.#learn(prompt, 0)
    const draw = (_: unknown, i: number) => prompt[Math.floor(uniform(0, i) * prompt.length)] as Token
    this.#window = new LookaheadWindow(this.#options, Array.from({ length: LookaheadWindow.seedLength(this.#options) }, draw))
  }

  // biome-ignore lint/correctness/useYield: window and guesses ride in the target's own pass
  *propose(prefix: readonly Token[], room: DraftBudget): Generator<ForwardInput, TokenTree, Logits> {
    const tree = new TokenTree()
    const { window, ngram, guesses } = this.#options
    const widest = (window + ngram) * ngram + guesses * ngram
    this.#proposed = undefined
    this.#learnsFromText = room.isRecurrent // a window has branches
    if (room.maxDepth < (this.#window?.depth ?? 0) || room.maxNodes < widest) return tree
    const phrases = this.#pool.phrases(prefix.at(-1) as Token)
    for (const phrase of room.isRecurrent ? phrases.slice(-1) : phrases) {
      tree.addPath(ROOT, phrase, { proposal: { origin: 'phrase', source: 'window' } })
    }
    if (!room.isRecurrent) this.#window?.attach(tree, ROOT)
    this.#proposed = tree
    return tree
  }

  observe(verdict: Verdict): void {
    if (this.#learnsFromText) this.#learn(verdict.prefix, verdict.before)
    if (this.#proposed === undefined || this.#learnsFromText) return
    const last = verdict.prefix[verdict.before - 1] as Token
    for (const { key, phrase } of this.#window?.advance(last, (node) => verdict.targetArgmax(node) ?? last) ?? [])
      this.#pool.insert(key, phrase)
  }

  /** All phrases of the text that end behind its first `before` tokens. */
  #learn(text: readonly Token[], before: number): void {
    const { ngram } = this.#options
    for (let end = Math.max(ngram, before + 1); end <= text.length; end++)
      this.#pool.insert(text[end - ngram] as Token, text.slice(end - ngram + 1, end))
  }
}
