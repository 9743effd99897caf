import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { AcceptanceModel, CONTROL, LossBudget, TokenCost } from '../../src/core/index.ts'
import { recallLearned, rememberLearned } from '../../src/probe/learned-state.ts'
import { tempFolder } from '../models/temp-folder.ts'

const nothing = () => ({
  draftAcceptance: new AcceptanceModel(CONTROL.draftWeights),
  phraseAcceptance: new AcceptanceModel(CONTROL.phraseWeights),
  tokenCost: new TokenCost(),
  lossBudget: new LossBudget(),
})

/** The numbers that are kept. */
const numbers = ({ draftAcceptance, phraseAcceptance, tokenCost, lossBudget }: ReturnType<typeof nothing>) => [
  draftAcceptance.weights,
  phraseAcceptance.weights,
  { ...tokenCost },
  lossBudget.balance,
]

describe('what cost control has learned', () => {
  afterEach(() => vi.unstubAllEnvs())

  it('is there for the next process', async () => {
    vi.stubEnv('OUROBOROS_HOME', await tempFolder())
    const learned = nothing()
    learned.tokenCost.observe(0.5, 10, 4)
    learned.tokenCost.observeDraftToken(false)
    learned.lossBudget.observe(10, 4)
    learned.draftAcceptance.learn([1, 0.5], false)
    rememberLearned('pair', learned)
    const next = nothing()
    recallLearned('pair', next)
    expect(numbers(next)).toEqual(numbers(learned))
    expect(numbers(next)).not.toEqual(numbers(nothing()))
  })

  it('of another version is ignored', async () => {
    const folder = await tempFolder()
    vi.stubEnv('OUROBOROS_HOME', folder)
    const old = { counts: { accepted: [1], tried: [2] }, weights: [1], prices: { known: 1, unknown: 1, balance: 3, answer: 9 } }
    writeFileSync(join(folder, 'learned.json'), JSON.stringify({ pair: old }))
    const learned = nothing()
    recallLearned('pair', learned)
    expect(numbers(learned)).toEqual(numbers(nothing()))
  })
})
