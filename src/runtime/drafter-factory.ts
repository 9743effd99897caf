import { isPaper, PAPER_PARAMETERS } from '../api/paper-parameters.ts'
import type { Method, MethodOptions } from '../api/types.ts'
import type { CachedSequence } from '../core/cached-sequence.ts'
import { AcceptanceModel } from '../core/control/acceptance.ts'
import { type Costs, Planner } from '../core/control/planner.ts'
import type { LossBudget, TokenCost } from '../core/control/token-cost.ts'
import type { Drafter } from '../core/drafter.ts'
import { LookaheadDrafter } from '../core/drafters/lookahead.ts'
import { OuroborosDrafter, type OuroborosParts } from '../core/drafters/ouroboros/drafter.ts'
import { PhraseDrafting, windowThatPays } from '../core/drafters/ouroboros/phrase-drafting.ts'
import { PaperDrafter } from '../core/drafters/paper/drafter.ts'
import { PaperPool } from '../core/drafters/paper/pool.ts'
import { PromptLookupDrafter } from '../core/drafters/prompt-lookup.ts'
import { SpeculativeDrafter } from '../core/drafters/speculative.ts'
import { VanillaDrafter } from '../core/drafters/vanilla.ts'
import { OuroborosError } from '../core/errors.ts'
import type { Token } from '../core/token.ts'

/** What the drafters of all requests share. */
export interface SharedDrafting {
  readonly ouroboros: Omit<OuroborosParts, 'drafting' | 'endTokens' | 'history' | 'expected' | 'planner'>
  readonly costs: Costs
  readonly tokenCost: TokenCost
  readonly lossBudget: LossBudget
  /** The `paper` preset's pools, by capacity. */
  readonly paperPools: Map<number, PaperPool>
  readonly endTokens: ReadonlySet<Token>
}

/** What one request's drafter stands on: the shared part, and its conversation's. */
export interface DraftingState extends SharedDrafting {
  readonly draft: CachedSequence | undefined
  readonly ouroboros: Omit<OuroborosParts, 'drafting' | 'endTokens'>
}

/** What a request has for itself: a planner, and models of acceptance that start from all requests' ones. */
export function ownParts({ costs, tokenCost, lossBudget, ouroboros }: SharedDrafting): {
  planner: Planner
  draftAcceptance: AcceptanceModel
  phraseAcceptance: AcceptanceModel
} {
  return {
    planner: new Planner({ costs, tokenCost, lossBudget }),
    draftAcceptance: new AcceptanceModel(ouroboros.draftAcceptance),
    phraseAcceptance: new AcceptanceModel(ouroboros.phraseAcceptance),
  }
}

/** The drafter of a method. Throws E_USAGE where it lacks a draft model. */
export function createDrafter(method: Method, options: MethodOptions, state: DraftingState): Drafter {
  const { draft, endTokens } = state
  switch (method) {
    case 'vanilla':
      return new VanillaDrafter()
    case 'speculative':
      return new SpeculativeDrafter(
        needed(draft, method),
        { draftLength: 5, minProbability: 0, ...given(options, ['draftLength', 'minProbability']) },
        endTokens,
      )
    case 'prompt-lookup':
      return new PromptLookupDrafter({ lookupNgram: 3, draftLength: 10, ...given(options, ['lookupNgram', 'draftLength']) })
    case 'lookahead':
      return new LookaheadDrafter({ window: 5, ngram: 4, guesses: 5, ...given(options, ['window', 'ngram', 'guesses']) })
    case 'ouroboros':
      return isPaper(options.preset) ? paper(needed(draft, `preset ${options.preset}`), options, state) : ouroboros(options, state)
  }
}

function ouroboros(options: MethodOptions, state: DraftingState): Drafter {
  const ngram = options.ngram ?? 5
  const window = state.costs.draft ? windowThatPays(state.costs.draft, ngram) : 0
  const phrases = { window, ngram, ...given(options, ['window', 'guesses']) }
  const drafting = state.draft && new PhraseDrafting(state.draft, state.ouroboros.pool, phrases)
  return new OuroborosDrafter(
    {
      ...given(options, ['draftLength', 'suffixes', 'branches', 'directChance']),
      sources: new Set(options.sources ?? ['prompt', 'history', 'verification']),
    },
    { ...state.ouroboros, ...(drafting && { drafting }), endTokens: state.endTokens },
  )
}

/** The published parameters of the preset's task, for what is not given. */
function paper(draft: CachedSequence, options: MethodOptions, state: DraftingState): Drafter {
  const published = PAPER_PARAMETERS[isPaper(options.preset) ? options.preset : 'paper']
  const G = options.guesses ?? published.W
  const pool = state.paperPools.get(G) ?? new PaperPool(G)
  state.paperPools.set(G, pool)
  const { window: W = published.W, ngram: N = published.N, suffixes: K = 3, draftLength: gamma = published.gamma } = options
  return new PaperDrafter(draft, pool, { W, N, G, K, gamma }, state.endTokens)
}

function needed(draft: CachedSequence | undefined, method: string): CachedSequence {
  if (!draft)
    throw new OuroborosError(
      'E_USAGE',
      `${method} needs a draft model: load with one (--spec-draft-model), or use prompt-lookup, lookahead or ouroboros`,
    )
  return draft
}

/** The named options that have a value. */
function given<K extends keyof MethodOptions>(options: MethodOptions, names: readonly K[]): { [P in K]?: NonNullable<MethodOptions[P]> } {
  const chosen: { [P in K]?: NonNullable<MethodOptions[P]> } = {}
  for (const name of names) {
    const value = options[name]
    if (value !== undefined) chosen[name] = value as NonNullable<MethodOptions[K]>
  }
  return chosen
}
