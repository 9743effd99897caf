import { METHOD_NAMES, withDefaults } from '../api/method-options.ts'
import { METHODS, type Method, type MethodOptions, type ResolvedOptions } from '../api/methods.ts'
import { isPaper, PAPER_PARAMETERS, type PaperOptions } from '../api/paper-parameters.ts'
import type { CachedSequence } from '../core/cached-sequence.ts'
import { AcceptanceModel } from '../core/control/acceptance.ts'
import { type Costs, Planner } from '../core/control/planner.ts'
import type { LossBudget, TokenCost } from '../core/control/token-cost.ts'
import type { Drafter } from '../core/drafter.ts'
import { LookaheadDrafter } from '../core/drafters/lookahead.ts'
import { OuroborosDrafter, type OuroborosParts } from '../core/drafters/ouroboros/drafter.ts'
import { PhraseDrafting, windowThatPays } from '../core/drafters/ouroboros/phrase-drafting.ts'
import { PaperDrafter } from '../core/drafters/paper/drafter.ts'
import { PromptLookupDrafter } from '../core/drafters/prompt-lookup.ts'
import { SpeculativeDrafter } from '../core/drafters/speculative.ts'
import { VanillaDrafter } from '../core/drafters/vanilla.ts'
import { OuroborosError } from '../core/errors.ts'
import { omitUndefined } from '../core/omit-undefined.ts'
import type { Token } from '../core/token.ts'
import type { TenantPhrases } from './tenant-phrases.ts'

/** What the drafters of all requests share. */
export interface SharedDrafting {
  readonly ouroboros: Omit<OuroborosParts, 'drafting' | 'endTokens' | 'pool' | 'history' | 'expected' | 'planner'>
  readonly costs: Costs
  readonly tokenCost: TokenCost
  readonly lossBudget: LossBudget
  readonly endTokens: ReadonlySet<Token>
}

/** What one request's drafter stands on: the shared part, and its conversation's. */
export interface DraftingState extends SharedDrafting {
  readonly draft: CachedSequence | undefined
  readonly phrases: TenantPhrases
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

/** `given`: the options without defaults, for what brings defaults of its own. */
type MakeDrafter<M extends Method> = (options: ResolvedOptions<M>, state: DraftingState, given: MethodOptions) => Drafter

/** One line per method: a forgotten one does not compile. */
export const DRAFTERS: { readonly [M in Method]: MakeDrafter<M> } = {
  vanilla: () => new VanillaDrafter(),
  speculative: (options, { draft, endTokens }) => new SpeculativeDrafter(needed(draft, 'speculative'), options, endTokens),
  'prompt-lookup': (options) => new PromptLookupDrafter(options),
  lookahead: (options) => new LookaheadDrafter(options),
  ouroboros: (options, state, given) => {
    const { preset } = options
    return isPaper(preset)
      ? paper(needed(state.draft, `preset ${preset}`), { ...PAPER_PARAMETERS[preset], ...given }, state)
      : ouroboros(options, state)
  },
}

/** The drafter of a method. Throws E_USAGE where it lacks a draft model. */
export function createDrafter<M extends Method>(method: M, options: MethodOptions, state: DraftingState): Drafter {
  return DRAFTERS[method](withDefaults(method, options), state, options)
}

function ouroboros({ sources, ...options }: ResolvedOptions<'ouroboros'>, state: DraftingState): Drafter {
  const { draft, endTokens, costs } = state
  const window = costs.draft ? windowThatPays(costs.draft, options.ngram) : 0
  const drafting = draft && new PhraseDrafting(draft, state.ouroboros.pool, { window, ...options })
  return new OuroborosDrafter({ ...options, sources: new Set(sources) }, { ...state.ouroboros, ...omitUndefined({ drafting }), endTokens })
}

function paper(draft: CachedSequence, options: PaperOptions, { phrases, endTokens }: DraftingState): Drafter {
  const { window: W, ngram: N, guesses: G, suffixes: K, draftLength: gamma } = options
  return new PaperDrafter(draft, phrases.paper(G), { W, N, G, K, gamma }, endTokens)
}

function needed(draft: CachedSequence | undefined, what: string): CachedSequence {
  if (draft) return draft
  const others = METHOD_NAMES.filter((method) => !METHODS[method].needsDraft)
  throw new OuroborosError('E_USAGE', `${what} needs a draft model: load with one (--spec-draft-model), or use ${others.join(', ')}`)
}
