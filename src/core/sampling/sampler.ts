import type { RowMath } from '../logits-math.ts'
import type { Logits } from '../model.ts'
import type { Token } from '../token.ts'
import type { NodeId } from '../token-tree.ts'
import { draw, keepMinP, keepNear, keepNucleus, keepTopK, keepTopP, weigh } from './filters.ts'
import { uniform } from './philox.ts'

/** Extreme penalties stay finite: differences of infinite logits are no probabilities. */
const LARGEST = 1e30

/** Sampling parameters, llama.cpp's names and order: bias, penalties, top-k, top-p, min-p, temperature. */
export interface SamplerOptions {
  /** 0 = greedy. */
  readonly temperature: number
  /** 0 = off. */
  readonly topK: number
  /** 1 = off. */
  readonly topP: number
  /** 0 = off. */
  readonly minP: number
  /** 1 = off. */
  readonly repeatPenalty: number
  readonly presencePenalty: number
  readonly frequencyPenalty: number
  /** Tokens back that the penalties look at; -1 = all. */
  readonly penaltyLastN: number
  readonly logitBias: ReadonlyMap<Token, number>
  /** Tokens that are not picked while the text, prompt included, is shorter than `until`: the end of the text. */
  readonly withheld: { readonly tokens: ReadonlySet<Token>; readonly until: number }
  readonly seed: number
}

export const GREEDY: SamplerOptions = {
  temperature: 0,
  topK: 0,
  topP: 1,
  minP: 0,
  repeatPenalty: 1,
  presencePenalty: 0,
  frequencyPenalty: 0,
  penaltyLastN: 64,
  logitBias: new Map(),
  withheld: { tokens: new Set(), until: 0 },
  seed: 0,
}

/** Counters of draws after a forbidden one, far from all positions. */
const SECOND_DRAW = 2 ** 40

/** Something that forbids tokens, e.g. a grammar: it follows the text, one token at a time. */
export interface Constraint {
  /** Sets the logits of forbidden next tokens to -Infinity. */
  mask(row: Float32Array): void
  /** Whether this token may come next. */
  allows(token: Token): boolean
  /** Moves on over an emitted token. */
  accept(token: Token): void
  /** A copy that moves on by itself; for looking ahead along a draft. */
  fork(): Constraint
  close(): void
}

/**
 * The rule that picks each emitted token from the target's logits. It is a pure function of the row, the tokens
 * before it and the position: that, and nothing about drafts, is what makes every drafter lossless.
 */
export class Sampler {
  readonly options: SamplerOptions
  readonly constraint: Constraint | undefined
  #scratch = new Float32Array(0)

  constructor(options: Partial<SamplerOptions> = {}, constraint?: Constraint) {
    this.options = { ...GREEDY, ...options }
    this.constraint = constraint
  }

  /** The token after `prefix`, whose logits are those of `node`. */
  pick(logits: Logits, node: NodeId, prefix: readonly Token[]): Token {
    const free =
      this.#isPlain && !this.#withholds(prefix.length)
        ? logits.argmax(node)
        : this.#choose(logits.math, this.#adjusted(logits.row(node), prefix), prefix.length)
    if (!this.constraint || this.constraint.allows(free)) return free
    // Seldom: most picks are allowed, and asking about one token is cheap. A second number makes the law the masked row's.
    const row = this.#adjusted(logits.row(node), prefix, true)
    this.constraint.mask(row)
    return this.#choose(logits.math, row, prefix.length + SECOND_DRAW)
  }

  /** Told each emitted token. */
  accept(token: Token): void {
    this.constraint?.accept(token)
  }

  /** Whether this token cannot be the one at `position`. */
  withholds(token: Token, position: number): boolean {
    return this.#withholds(position) && this.options.withheld.tokens.has(token)
  }

  #withholds(position: number): boolean {
    return position < this.options.withheld.until
  }

  get #penalizes(): boolean {
    const { repeatPenalty, presencePenalty, frequencyPenalty } = this.options
    return repeatPenalty !== 1 || presencePenalty !== 0 || frequencyPenalty !== 0
  }

  get #isPlain(): boolean {
    return this.options.temperature === 0 && !this.#penalizes && this.options.logitBias.size === 0
  }

  /** The row with bias and penalties applied: a copy, where it can change. */
  #adjusted(row: Float32Array, prefix: readonly Token[], always = false): Float32Array {
    const withholds = this.#withholds(prefix.length)
    if (!always && !withholds && !this.#penalizes && this.options.logitBias.size === 0) return row
    if (this.#scratch.length !== row.length) this.#scratch = new Float32Array(row.length)
    const adjusted = this.#scratch
    adjusted.set(row)
    for (const [token, bias] of this.options.logitBias) adjusted[token] = (adjusted[token] as number) + bias
    if (this.#penalizes) this.#penalize(adjusted, prefix)
    if (withholds) for (const token of this.options.withheld.tokens) adjusted[token] = Number.NEGATIVE_INFINITY
    return adjusted
  }

  #penalize(row: Float32Array, prefix: readonly Token[]): void {
    const { repeatPenalty, presencePenalty, frequencyPenalty, penaltyLastN } = this.options
    const recent = prefix.slice(penaltyLastN < 0 ? 0 : Math.max(0, prefix.length - penaltyLastN))
    const counts = new Map<Token, number>()
    for (const token of recent) counts.set(token, (counts.get(token) ?? 0) + 1)
    for (const [token, count] of counts) {
      const logit = row[token] as number
      const repeated = logit <= 0 ? logit * repeatPenalty : logit / repeatPenalty
      const penalized = repeated - count * frequencyPenalty - presencePenalty
      if (logit > Number.NEGATIVE_INFINITY) row[token] = Math.max(-LARGEST, Math.min(LARGEST, penalized))
    }
  }

  #choose(math: RowMath, row: Float32Array, counter: number): Token {
    const { temperature, topK, topP, minP, seed } = this.options
    if (temperature === 0) return math.argmax(row)
    const chance = uniform(seed, counter)
    if (topK === 0 && topP === 1) {
      return minP > 0 ? weigh(keepNear(math, row, temperature, minP), temperature, chance) : draw(math, row, temperature, chance)
    }
    let candidates = topK > 0 ? keepTopK(math, row, topK) : keepNucleus(math, row, temperature, topP)
    if (topK > 0 && topP < 1) candidates = keepTopP(candidates, topP)
    if (minP > 0) candidates = keepMinP(candidates, minP)
    return weigh(candidates, temperature, chance)
  }
}
