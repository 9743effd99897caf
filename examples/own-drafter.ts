// A drafter of your own: it guesses what followed the last token the time before. A wrong guess costs time, never the text.
// Run: npx tsx examples/own-drafter.ts
import {
  CachedSequence,
  type DraftBudget,
  type Drafter,
  drive,
  ROOT,
  Sampler,
  Session,
  type Token,
  TokenTree,
  VanillaDrafter,
} from 'ouroboros-llm/core'
import { FakeModel } from 'ouroboros-llm/testing'

class LastTimeDrafter implements Drafter {
  begin() {}

  // biome-ignore lint/correctness/useYield: passes of a draft model would be yielded
  *propose(prefix: readonly Token[], room: DraftBudget): ReturnType<Drafter['propose']> {
    const proposal = new TokenTree()
    const length = Math.min(4, room.maxDepth, room.maxNodes, room.remainingTokens - 1)
    const before = prefix.slice(0, -1).lastIndexOf(prefix.at(-1) ?? -1)
    if (length > 0 && before >= 0) {
      proposal.addPath(ROOT, prefix.slice(before + 1, before + 1 + length), { proposal: { origin: 'draft' } })
    }
    return proposal
  }

  observe() {}
}

function write(drafter: Drafter) {
  const target = new CachedSequence(new FakeModel({ seed: 1, vocabSize: 16, repetitiveness: 0.7 }).open())
  const session = new Session({ target, drafter, sampler: new Sampler(), endTokens: new Set(), maxTokens: 40 }, [1, 2, 3])
  while (!session.finish) drive(session.step())
  return { text: session.prefix.join(' '), passes: session.statistics.targetPasses }
}

const plain = write(new VanillaDrafter())
const own = write(new LastTimeDrafter())
console.log(own.text === plain.text ? 'the same text' : 'another text', 'in', own.passes, 'instead of', plain.passes, 'passes')
