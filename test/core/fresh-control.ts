import { AcceptanceModel, CONTROL, type CostCurve, CostModel, LossBudget, Planner, TokenCost } from '../../src/core/index.ts'

/** What the default method needs to decide, with nothing learned yet, where passes cost what these curves say. */
export function freshControl(target: CostCurve, draft: CostCurve) {
  return {
    draftAcceptance: new AcceptanceModel(CONTROL.draftWeights),
    phraseAcceptance: new AcceptanceModel(CONTROL.phraseWeights),
    planner: new Planner({
      costs: { target: new CostModel(target), draft: new CostModel(draft) },
      tokenCost: new TokenCost(),
      lossBudget: new LossBudget(),
    }),
  }
}
