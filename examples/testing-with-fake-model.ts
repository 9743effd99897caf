// The algorithm without weights: a fake pair of known agreement. Run: npx tsx examples/testing-with-fake-model.ts
import { CachedSequence, drive, meanAcceptanceLength, Sampler, Session, SpeculativeDrafter } from 'ouroboros-llm/core'
import { FakeModel } from 'ouroboros-llm/testing'

const target = new FakeModel({ seed: 1 })
const draft = new FakeModel({ seed: 2, agreesWith: { model: target, rate: 0.8 } })
const drafter = new SpeculativeDrafter(new CachedSequence(draft.open()), { draftLength: 5, minProbability: 0 }, new Set())
const session = new Session(
  { target: new CachedSequence(target.open()), drafter, sampler: new Sampler(), endTokens: new Set(), maxTokens: 50 },
  [1, 2, 3],
)
while (!session.finish) drive(session.step())
console.log(session.prefix.slice(3).join(' '))
console.log(meanAcceptanceLength(session.statistics).toFixed(2), 'tokens per pass')
