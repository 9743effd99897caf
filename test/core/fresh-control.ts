import {
  AcceptanceModel,
  CONTROL,
  type CostCurve,
  CostModel,
  type DraftBudget,
  LossBudget,
  Planner,
  TokenCost,
} from '../../src/core/index.ts'

/** A step with all the room there is, of the only session. */
const ALONE: DraftBudget = {
  maxDepth: 1000,
  maxNodes: 1000,
  pendingTokens: 1,
  rereadTokens: 0,
  isRecurrent: false,
  remainingTokens: 1000,
  otherTokens: 0,
  otherSessions: 0,
  draftShare: 1,
}

/** A planner on these curves, with nothing learned. */
export function plannerOf(target: CostCurve, draft?: CostCurve) {
  const costs = { target: new CostModel(target), ...(draft && { draft: new CostModel(draft) }) }
  const parts = { costs, tokenCost: new TokenCost(), lossBudget: new LossBudget() }
  const planner = new Planner(parts)
  const begin = (budget: Partial<DraftBudget> = {}, length = 1) => planner.begin({ ...ALONE, ...budget }, length, 0)
  begin()
  return { ...parts, planner, begin }
}

/** What the default method needs to decide, with nothing learned yet, where passes cost what these curves say. */
export function freshControl(target: CostCurve, draft: CostCurve) {
  return {
    draftAcceptance: new AcceptanceModel(CONTROL.draftWeights),
    phraseAcceptance: new AcceptanceModel(CONTROL.phraseWeights),
    planner: plannerOf(target, draft).planner,
  }
}
