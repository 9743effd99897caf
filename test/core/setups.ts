import fc from 'fast-check'
import { expect } from 'vitest'
import {
  AcceptanceModel,
  CachedSequence,
  CONTROL,
  CostModel,
  type Drafter,
  drive,
  History,
  LookaheadDrafter,
  LossBudget,
  OuroborosDrafter,
  type OuroborosOptions,
  PaperDrafter,
  PaperPool,
  PhraseDrafting,
  PhrasePool,
  type PhraseSource,
  Planner,
  PromptLookupDrafter,
  Sampler,
  type SamplerOptions,
  Session,
  type SessionOptions,
  SpeculativeDrafter,
  type Statistics,
  type Step,
  type Token,
  TokenCost,
  VanillaDrafter,
} from '../../src/core/index.ts'
import { FakeModel, RandomDrafter } from '../../src/testing/index.ts'
import { CONSTRAINTS } from './constraints.ts'
import { type Costs, costs } from './costs.ts'

/** One random world: a pair of fake models, a conversation, how to sample, how to draft. */
export interface Setup {
  target: {
    seed: number
    order: number
    contextLength: number
    vocabSize: number
    maxBatch: number
    repetitiveness: number
    isRecurrent: boolean
  }
  draft: { contextLength: number; maxBatch: number; isRecurrent: boolean }
  agreement: number
  prompts: Token[][]
  endTokens: Token[]
  maxTokens: number
  promptChunk: number
  sampler: Partial<SamplerOptions>
  /** Positions before which the end is not picked; no grammar is told of it. */
  endsFrom: number
  constraint: keyof typeof CONSTRAINTS
  drafting: Drafting
}

export interface Drafting {
  method: 'speculative' | 'prompt-lookup' | 'lookahead' | 'ouroboros' | 'paper' | 'random'
  W: number
  N: number
  G: number
  K: number
  gamma: number
  /** Upper limits that the user set. */
  options: Omit<OuroborosOptions, 'sources'>
  withDraft: boolean
  costs: Costs
  minProbability: number
  sources: PhraseSource[]
  /** A text that the caller expects; empty = none. */
  expected: Token[]
  seed: number
}

/** As many as `CONSTRAINTS` has letters for. */
const VOCAB = 24

/** Some or all of the options. */
const given = fc.record(
  {
    draftLength: fc.integer({ min: 0, max: 9 }),
    suffixes: fc.integer({ min: 0, max: 4 }),
    branches: fc.integer({ min: 0, max: 2 }),
    directChance: fc.constantFrom(0, 0.3, 0.8, 2),
  },
  { requiredKeys: [] },
)

export const drafting: fc.Arbitrary<Drafting> = fc.record({
  method: fc.constantFrom('speculative', 'prompt-lookup', 'lookahead', 'ouroboros', 'ouroboros', 'paper', 'random'),
  W: fc.integer({ min: 0, max: 5 }),
  N: fc.integer({ min: 3, max: 6 }),
  G: fc.integer({ min: 0, max: 4 }),
  K: fc.integer({ min: 0, max: 4 }),
  gamma: fc.integer({ min: 0, max: 9 }),
  options: fc.oneof(fc.constant({}), given),
  withDraft: fc.boolean(),
  costs,
  minProbability: fc.constantFrom(0, 0.3),
  sources: fc.subarray<PhraseSource>(['prompt', 'history', 'verification']),
  expected: fc.oneof(fc.constant<Token[]>([]), fc.array(fc.nat({ max: VOCAB - 1 }), { maxLength: 40 })),
  seed: fc.nat(),
})

export const sampling: fc.Arbitrary<Partial<SamplerOptions>> = fc.oneof(
  fc.constant({}),
  fc.record({ temperature: fc.constantFrom(0.3, 1, 2), seed: fc.nat() }),
  fc.record({
    temperature: fc.constantFrom(0.7, 1.3),
    topK: fc.constantFrom(0, 3, 10),
    topP: fc.constantFrom(1, 0.9, 0.4),
    minP: fc.constantFrom(0, 0.05),
    seed: fc.nat(),
  }),
  fc.record({
    temperature: fc.constantFrom(0, 0.8),
    repeatPenalty: fc.constantFrom(1, 1.2),
    presencePenalty: fc.constantFrom(0, 0.5),
    frequencyPenalty: fc.constantFrom(0, 0.3),
    penaltyLastN: fc.constantFrom(-1, 0, 5, 64),
    logitBias: fc.constantFrom(new Map(), new Map([[3, 2.5]]), new Map([[1, -100]])),
    seed: fc.nat(),
  }),
)

export const setup: fc.Arbitrary<Setup> = fc.record({
  target: fc.record({
    seed: fc.nat(),
    order: fc.integer({ min: 1, max: 3 }),
    contextLength: fc.constantFrom(30, 60, 200),
    vocabSize: fc.constant(VOCAB),
    maxBatch: fc.constantFrom(40, 512),
    repetitiveness: fc.constantFrom(0, 0.6),
    isRecurrent: fc.boolean(),
  }),
  draft: fc.record({
    contextLength: fc.constantFrom(20, 60, 200),
    maxBatch: fc.constantFrom(24, 512),
    isRecurrent: fc.boolean(),
  }),
  agreement: fc.constantFrom(0, 0.5, 0.8, 1),
  prompts: fc.array(fc.array(fc.nat({ max: VOCAB - 1 }), { minLength: 1, maxLength: 28 }), { minLength: 1, maxLength: 3 }),
  endTokens: fc.constantFrom([], [0], [0, 7]),
  maxTokens: fc.integer({ min: 1, max: 60 }),
  promptChunk: fc.constantFrom(1, 5, 39),
  sampler: sampling,
  endsFrom: fc.constantFrom(0, 0, 12, 40),
  constraint: fc.constantFrom<Setup['constraint']>('none', 'none', 'none', 'thirds', 'grammar', 'call', 'thought'),
  drafting,
})

export interface Answer {
  tokens: Token[]
  finish: string | undefined
  emittedPerStep: number[]
  statistics: Statistics
}

/** The pair of models of this world. */
export function models(setup: Setup): { target: FakeModel; draft: FakeModel } {
  const target = new FakeModel(setup.target)
  const agreesWith = { model: target, rate: setup.agreement }
  return { target, draft: new FakeModel({ ...setup.target, ...setup.draft, seed: setup.target.seed + 1, agreesWith }) }
}

/** What one prompt of this world is answered with. */
export function sessionOptions(setup: Setup, text: CachedSequence, drafter: Drafter): SessionOptions {
  const endTokens = new Set(setup.endTokens)
  const withheld = { tokens: endTokens, until: setup.constraint === 'none' ? setup.endsFrom : 0 }
  return {
    target: text,
    drafter,
    sampler: new Sampler({ ...setup.sampler, withheld }, CONSTRAINTS[setup.constraint]()),
    endTokens,
    maxTokens: setup.maxTokens,
    promptChunk: setup.promptChunk,
  }
}

/** Answers every prompt in turn, in one conversation; `plain` = by plain decoding. */
export function answer(setup: Setup, plain: boolean): Answer[] {
  const { target, draft } = models(setup)
  const text = new CachedSequence(target.open())
  const draftText = new CachedSequence(draft.open(), setup.promptChunk)
  const makeDrafter = plain ? () => new VanillaDrafter() : drafters(setup, target)(draftText)
  const answers = setup.prompts.map((prompt) => {
    const session = new Session(sessionOptions(setup, text, makeDrafter()), prompt)
    const emittedPerStep: number[] = []
    while (!session.finish) {
      const step: Step = drive(session.step())
      if (step.round) emittedPerStep.push(step.tokens.length)
    }
    return { tokens: session.prefix.slice(prompt.length), finish: session.finish, emittedPerStep, statistics: session.statistics }
  })
  text.close()
  draftText.close()
  if (target.openCaches + draft.openCaches > 0) throw new Error('a cache leaked')
  return answers
}

/** The property: drafts change neither text nor end, each step emits, and the counters add up. Throws if it does not hold. */
export function checkLossless(setup: Setup): void {
  const plain = answer(setup, true)
  const drafted = answer(setup, false)
  const texts = (answers: Answer[]) => answers.map(({ tokens, finish }) => ({ tokens, finish }))
  expect(texts(drafted)).toEqual(texts(plain))
  for (const { tokens, emittedPerStep, statistics } of drafted) {
    for (const count of emittedPerStep) expect(count).toBeGreaterThanOrEqual(1)
    const { tokensByOrigin, steps, targetPasses, draftTokens, acceptedTokens } = statistics
    expect(tokensByOrigin.target + tokensByOrigin.draft + tokensByOrigin.phrase).toBe(tokens.length)
    expect({ steps, targetPasses }).toEqual({ steps: emittedPerStep.length, targetPasses: emittedPerStep.length })
    expect(acceptedTokens).toBeLessThanOrEqual(draftTokens)
    expect(tokens.length - acceptedTokens).toBeLessThanOrEqual(steps)
  }
}

/** Per conversation, by its draft text: new drafters that share what outlives a prompt. */
export function drafters(setup: Setup, target: FakeModel): (draft: CachedSequence) => () => Drafter {
  const { method, W, N, G, K, gamma, options, withDraft, minProbability, seed, sources, costs } = setup.drafting
  const endTokens = new Set(setup.endTokens)
  const pool = new PhrasePool({ capacityBytes: 50_000, perKey: 1 + (seed % 4) })
  const draftAcceptance = new AcceptanceModel(CONTROL.draftWeights)
  const paperPool = new PaperPool(Math.max(1, G))
  const shared = {
    costs: { target: new CostModel(costs.target), draft: new CostModel(costs.draft) },
    tokenCost: new TokenCost(),
    lossBudget: new LossBudget(),
  }
  for (const { phraseChance, emitted, plainTokens } of costs.past) {
    shared.tokenCost.observe(phraseChance, emitted, plainTokens)
    shared.lossBudget.observe(emitted, plainTokens)
  }
  switch (method) {
    case 'speculative':
      return (draft) => () => new SpeculativeDrafter(draft, { draftLength: gamma, minProbability }, endTokens)
    case 'prompt-lookup':
      return () => () => new PromptLookupDrafter({ lookupNgram: N, draftLength: gamma })
    case 'lookahead':
      return () => () => new LookaheadDrafter({ window: Math.max(1, W), ngram: N, guesses: Math.max(1, G) })
    case 'paper':
      // The preset is defined for greedy decoding; its trees are lossless under any sampler all the same.
      return (draft) => () => new PaperDrafter(draft, paperPool, { W: Math.max(1, W), N, G, K, gamma }, endTokens)
    case 'random':
      return () => () => new RandomDrafter(target, seed)
    case 'ouroboros': {
      const expected = new PhrasePool({ capacityBytes: 20_000 })
      expected.learn(setup.drafting.expected, 0, setup.drafting.expected.length, 'prediction')
      return (draft) => {
        const history = new History(pool)
        return () =>
          new OuroborosDrafter(
            { ...options, sources: new Set(sources) },
            {
              pool,
              ...(expected.size > 0 && { expected }),
              history,
              draftAcceptance,
              phraseAcceptance: new AcceptanceModel(CONTROL.phraseWeights),
              planner: new Planner(shared),
              endTokens,
              ...(withDraft && { drafting: new PhraseDrafting(draft, pool, { window: W, ngram: N, guesses: G }) }),
            },
          )
      }
    }
  }
}
