import type { CachedText } from './cached-text.ts'
import type { Drafter, Room } from './drafter.ts'
import { OuroborosError } from './errors.ts'
import type { Logits, Pass } from './model.ts'
import type { Sampler } from './sampler.ts'
import { emptyStatistics, recordStep, type Statistics } from './stats.ts'
import type { Token } from './token.ts'
import { type NodeId, ROOT, TokenTree } from './token-tree.ts'
import { type EmittedToken, verify } from './verify.ts'

export interface SessionOptions {
  /** The target model's cache; what it holds of the prompt is reused. */
  readonly target: CachedText
  readonly drafter: Drafter
  readonly sampler: Sampler
  readonly endTokens: ReadonlySet<Token>
  readonly maxTokens: number
  /** Alternatives to report per token; absent = no log-probabilities. */
  readonly logprobs?: number
  /** Prompt tokens per pass: a cancel or another session waits at most this long. */
  readonly promptChunk?: number
}

/** What one step did. A prompt chunk emits nothing. */
export interface Step {
  readonly tokens: readonly EmittedToken[]
  readonly finish?: 'stop' | 'length'
  /** The round behind the tokens, for traces; absent for a prompt chunk. */
  readonly round?: Round
}

/** One draft → verify → observe round. */
export interface Round {
  /** Length of the prefix before it. */
  readonly before: number
  readonly draft: TokenTree
  readonly accepted: readonly NodeId[]
}

/**
 * One answer, as the paper's loop: draft a tree, verify it in one target pass, emit what the target agrees with and its
 * correction, tell the drafter. Does no I/O: `step` yields passes to whoever drives it (see `drive`).
 */
export class Session {
  readonly statistics: Statistics = emptyStatistics()
  readonly #options: SessionOptions
  readonly #prefix: Token[]
  readonly #promptLength: number
  readonly #maxTokens: number
  /** Prompt tokens that the cache already held. */
  readonly cachedTokens: number
  #finish: 'stop' | 'length' | undefined

  constructor(options: SessionOptions, prompt: readonly Token[]) {
    const { contextLength } = options.target.cache.model
    if (prompt.length === 0) throw new OuroborosError('E_PROMPT', 'the prompt is empty: received 0 tokens, give at least one')
    if (prompt.length > contextLength) {
      throw new OuroborosError(
        'E_CONTEXT',
        `the prompt has ${prompt.length} tokens and the context holds ${contextLength}: shorten the prompt or load with a larger context`,
      )
    }
    this.#options = options
    this.#prefix = [...prompt]
    this.#promptLength = prompt.length
    // The last token of the context can still be followed by one that is emitted but never sent.
    this.#maxTokens = Math.min(options.maxTokens, contextLength + 1 - prompt.length)
    this.cachedTokens = options.target.common(prompt)
    options.drafter.begin(prompt)
  }

  /** Prompt and answer so far. */
  get prefix(): readonly Token[] {
    return this.#prefix
  }

  get finish(): 'stop' | 'length' | undefined {
    return this.#finish
  }

  /** One step: a chunk of the prompt, or a round that emits at least one token. */
  *step(): Generator<Pass, Step, Logits> {
    const { target, drafter, sampler } = this.#options
    const pending = target.align(this.#prefix)
    if (pending.length > this.#promptChunk) return yield* this.#readPrompt(pending.slice(0, this.#promptChunk))

    const draft = fitting(yield* this.#draft(pending.length), this.#room(pending.length))
    const tree = TokenTree.chain(pending)
    const root = tree.size - 1
    const places = tree.graft(root, draft)
    const logits = yield { cache: target.cache, tree }

    const before = this.#prefix.length
    const walk = verify(tree, root, logits, sampler, this.#prefix, {
      endTokens: this.#options.endTokens,
      maxTokens: this.#maxTokens - (before - this.#promptLength),
      logprobs: this.#options.logprobs,
    })
    const accepted = walk.accepted.map((node) => node - tree.size + draft.size)
    drafter.observe({
      prefix: this.#prefix,
      before,
      draft,
      accepted,
      emitted: walk.emitted.map((one) => one.token),
      targetArgmax: (node) => logits.argmax(node === ROOT ? root : (places[node] as NodeId)),
    })
    target.commit(tree, walk.at)
    recordStep(this.statistics, draft.size, accepted.length, walk.emitted)
    this.#finish = walk.finish
    return { tokens: walk.emitted, ...(walk.finish && { finish: walk.finish }), round: { before, draft, accepted } }
  }

  get #promptChunk(): number {
    return this.#options.promptChunk ?? 256
  }

  *#readPrompt(tokens: readonly Token[]): Generator<Pass, Step, Logits> {
    const tree = TokenTree.chain(tokens)
    yield { cache: this.#options.target.cache, tree }
    this.#options.target.commit(tree, tree.size - 1)
    this.statistics.promptPasses++
    return { tokens: [] }
  }

  *#draft(pending: number): Generator<Pass, TokenTree, Logits> {
    const drafting = this.#options.drafter.propose(this.#prefix, this.#room(pending))
    let next = drafting.next()
    while (!next.done) {
      this.statistics.draftPasses++
      next = drafting.next(yield next.value)
    }
    return next.value
  }

  #room(pending: number): Room {
    const { contextLength, maxBatch } = this.#options.target.cache.model
    return {
      depth: contextLength - this.#prefix.length,
      nodes: maxBatch - pending,
      remaining: this.#maxTokens - (this.#prefix.length - this.#promptLength),
    }
  }
}

/** The part of a proposal that the context and the batch can hold. */
function fitting(draft: TokenTree, room: Room): TokenTree {
  if (draft.size <= room.nodes && draft.leaves.every((leaf) => draft.depth(leaf) <= room.depth)) return draft
  const kept = new TokenTree()
  const places: NodeId[] = []
  for (let node = 0; node < draft.size; node++) {
    const parent = draft.parent(node)
    const place = parent === ROOT ? ROOT : places[parent]
    if (place === undefined || kept.size >= room.nodes || draft.depth(node) > room.depth) continue
    const proposal = draft.proposal(node)
    places[node] = kept.add(place, draft.token(node), { wanted: draft.wanted(node), ...(proposal && { proposal }) })
  }
  return kept
}
