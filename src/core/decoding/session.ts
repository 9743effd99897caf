import type { CachedSequence } from '../cached-sequence.ts'
import type { DraftBudget, Drafter } from '../drafter.ts'
import { OuroborosError } from '../errors.ts'
import type { ForwardInput, Logits } from '../model.ts'
import type { Sampler } from '../sampling/sampler.ts'
import { emptyStatistics, recordStep, type Statistics } from '../stats.ts'
import type { Token } from '../token.ts'
import { type NodeId, ROOT, TokenTree } from '../token-tree.ts'
import { prune } from './prune.ts'
import { type EmittedToken, verify } from './verify.ts'

/** Most pending tokens that a recurrent target reads together with a draft. */
const MOST_REREAD = 8

export interface SessionOptions {
  /** The target model's cache; what it holds of the prompt is reused. */
  readonly target: CachedSequence
  readonly drafter: Drafter
  readonly sampler: Sampler
  readonly endTokens: ReadonlySet<Token>
  readonly maxTokens: number
  /** Alternatives to report per token; absent = no log-probabilities. */
  readonly logprobs?: number
  /** Prompt tokens per pass: a cancel or another session waits at most this long. */
  readonly promptChunk?: number | (() => number)
  /** Load from other sessions that share the passes; absent = none. */
  readonly load?: Pick<DraftBudget, 'otherTokens' | 'otherSessions' | 'draftShare'>
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
  /** What was sent to the target, and the path of it that was accepted. */
  readonly sentTree: TokenTree
  readonly accepted: readonly NodeId[]
  readonly draftPasses: number
  readonly widths: PassWidths
}

/** Tokens in each pass of a step: what it cost depends on them alone. */
export interface PassWidths {
  readonly target: number
  readonly draft: readonly number[]
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
    if (prompt.length >= contextLength) {
      throw new OuroborosError(
        'E_CONTEXT',
        `the prompt has ${prompt.length} tokens, which exceeds the available context size of ${contextLength}, the answer included: shorten the prompt or load with a larger context`,
        { numbers: { promptTokens: prompt.length, contextLength } },
      )
    }
    this.#options = options
    this.#prefix = [...prompt]
    this.#promptLength = prompt.length
    this.#maxTokens = Math.min(options.maxTokens, contextLength - prompt.length)
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
  *step(): Generator<ForwardInput, Step, Logits> {
    const { target, drafter, sampler } = this.#options
    const pending = target.align(this.#prefix)
    const chunk = this.#promptChunk
    if (pending.length > chunk) return yield* this.#readPrompt(pending.slice(0, chunk))

    const room = this.#room(pending.length)
    const draftWidths: number[] = []
    const proposal = yield* this.#draft(room, draftWidths)
    const { tree: sentTree, proposalIds } = prune(proposal, {
      ...room,
      constraint: sampler.constraint,
      withholds: (token, depth) => sampler.withholds(token, this.#prefix.length + depth - 1),
    })
    const tree = TokenTree.chain(pending)
    const root = tree.size - 1
    tree.graft(root, sentTree)
    const first = root + 1 // grafted onto a chain: the sent tree's node n is here first + n
    const places = new Map(proposalIds.map((node, sent) => [node, first + sent]))
    const logits = yield { cache: target.cache, tree }

    const before = this.#prefix.length
    const walk = verify(tree, root, logits, sampler, this.#prefix, {
      endTokens: this.#options.endTokens,
      maxTokens: this.#maxTokens - (before - this.#promptLength),
      logprobs: this.#options.logprobs,
    })
    const accepted = walk.accepted.map((node) => node - first)
    drafter.observe({
      prefix: this.#prefix,
      before,
      proposal,
      draftWidths,
      accepted: accepted.map((node) => proposalIds[node] as NodeId),
      emitted: walk.emitted.map((one) => one.token),
      targetArgmax: (node) => {
        const at = node === ROOT ? root : places.get(node)
        return at === undefined ? undefined : logits.argmax(at)
      },
    })
    target.commit(tree, walk.at)
    recordStep(this.statistics, sentTree, accepted.length, walk.emitted)
    if (drafter.pool) this.statistics.pool = drafter.pool
    this.#finish = walk.finish
    const widths = { target: tree.size, draft: draftWidths }
    const round = { before, sentTree, accepted, draftPasses: draftWidths.length, widths }
    return { tokens: walk.emitted, ...(walk.finish && { finish: walk.finish }), round }
  }

  get #promptChunk(): number {
    const { promptChunk = 256 } = this.#options
    return typeof promptChunk === 'number' ? promptChunk : promptChunk()
  }

  *#readPrompt(tokens: readonly Token[]): Generator<ForwardInput, Step, Logits> {
    const tree = TokenTree.chain(tokens)
    yield { cache: this.#options.target.cache, tree, prompt: true }
    this.#options.target.commit(tree, tree.size - 1)
    this.statistics.promptPasses++
    return { tokens: [] }
  }

  *#draft(room: DraftBudget, widths: number[]): Generator<ForwardInput, TokenTree, Logits> {
    const drafting = this.#options.drafter.propose(this.#prefix, room)
    let next = drafting.next()
    while (!next.done) {
      this.statistics.draftPasses++
      widths.push(next.value.tree.size)
      next = drafting.next(yield next.value)
    }
    return next.value
  }

  #room(pending: number): DraftBudget {
    const { contextLength, maxBatch, isRecurrent } = this.#options.target.cache.model
    // A recurrent target that rejects a part of a pass reads the rest of it once more: a prompt is not risked, a few tokens are.
    const hasRoom = !isRecurrent || pending <= MOST_REREAD
    return {
      maxDepth: hasRoom ? contextLength - this.#prefix.length : 0,
      maxNodes: Math.max(0, maxBatch - pending),
      pendingTokens: pending,
      rereadTokens: this.#prefix.length > this.#promptLength ? pending - 1 : 0,
      isRecurrent,
      remainingTokens: this.#maxTokens - (this.#prefix.length - this.#promptLength),
      otherTokens: this.#options.load?.otherTokens ?? 0,
      otherSessions: this.#options.load?.otherSessions ?? 0,
      draftShare: this.#options.load?.draftShare ?? 1,
    }
  }
}
