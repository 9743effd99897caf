import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import {
  CachedSequence,
  drive,
  type ForwardInput,
  Planner,
  Sampler,
  type ScheduledSession,
  Scheduler,
  Session,
  TokenTree,
  VanillaDrafter,
} from '../../src/core/index.ts'
import { FakeModel } from '../../src/testing/index.ts'
import { runs } from './runs.ts'
import { answer, drafters, models, type Setup, sessionOptions, setup } from './setups.ts'

const METHODS = ['speculative', 'prompt-lookup', 'lookahead', 'ouroboros', 'paper', 'random'] as const

/** Answers the session to its end; undefined: cancelled. */
async function answerOn(scheduled: ScheduledSession, session: Session, afterStep: () => void = () => {}): Promise<Session | undefined> {
  while (!session.finish) {
    if ((await scheduled.run(session.step())) === undefined) return undefined
    afterStep()
  }
  scheduled.leave()
  return session
}

/** Lets the sessions go on after a turn. */
const settle = () => new Promise((resolve) => setImmediate(resolve))

/** All prompts of a world at once, some arriving late, some given up; null = given up. */
async function together(world: Setup, arrivals: readonly number[], cancels: readonly number[]) {
  const { target, draft } = models(world)
  const scheduler = new Scheduler(target)
  const conversation = drafters(world, target)
  const texts: CachedSequence[] = []
  const open = (model: FakeModel, chunk: number) => {
    const text = new CachedSequence(model.open(), chunk)
    texts.push(text)
    return text
  }
  const answers: Promise<unknown>[] = []
  const everyone: ScheduledSession[] = []
  const begin = (prompt: readonly number[]) => {
    const scheduled = scheduler.join()
    everyone.push(scheduled)
    const makeDrafter = conversation(open(draft, world.promptChunk))
    const options = { ...sessionOptions(world, open(target, 256), makeDrafter()), load: scheduled }
    answers.push(
      answerOn(scheduled, new Session(options, prompt)).then(
        (session) => session && { tokens: session.prefix.slice(prompt.length), finish: session.finish },
      ),
    )
  }
  let turn = 0
  const late = world.prompts.map((prompt, i) => ({ prompt, at: arrivals[i] ?? 0 }))
  for (; late.length > 0 || !scheduler.idle; turn++) {
    for (const one of late.filter(({ at }) => at <= turn)) {
      begin(one.prompt)
      late.splice(late.indexOf(one), 1)
    }
    if (cancels.includes(turn)) everyone[turn % Math.max(1, everyone.length)]?.cancel()
    scheduler.turn()
    await settle()
  }
  const done = await Promise.all(answers)
  for (const text of texts) text.close()
  expect(target.openCaches + draft.openCaches).toBe(0)
  return done
}

describe('many sessions at once', () => {
  for (const method of METHODS) {
    it(`${method}: each text is that of a single run by plain decoding`, async () => {
      await fc.assert(
        fc.asyncProperty(
          setup,
          fc.array(fc.nat({ max: 30 }), { maxLength: 3 }),
          fc.array(fc.nat({ max: 60 }), { maxLength: 2 }),
          async (world, arrivals, cancels) => {
            const chosen = { ...world, drafting: { ...world.drafting, method } }
            const alone = chosen.prompts.map((prompt) => answer({ ...chosen, prompts: [prompt] }, true)[0])
            const wanted = alone.map((one) => ({ tokens: one?.tokens, finish: one?.finish }))
            const order = [...wanted.keys()].sort((a, b) => (arrivals[a] ?? 0) - (arrivals[b] ?? 0))
            const answers = await together(chosen, arrivals, cancels)
            answers.forEach((one, i) => {
              if (one) expect(one).toEqual(wanted[order[i] as number])
            })
            if (cancels.length === 0) expect(answers.every(Boolean)).toBe(true)
          },
        ),
        runs(150),
      )
    })
  }

  it('with no option set and others in the passes, the planner sends nodes all the same', async () => {
    const begin = vi.spyOn(Planner.prototype, 'begin')
    const keep = vi.spyOn(Planner.prototype, 'keep')
    const worlds = fc.sample(setup, 200).filter(({ prompts, drafting }) => prompts.length > 1 && Object.keys(drafting.options).length === 0)
    let shared = 0
    for (const world of worlds) {
      for (const spy of [begin, keep]) spy.mockClear()
      await together({ ...world, drafting: { ...world.drafting, method: 'ouroboros' } }, [], [])
      const hasOthers = begin.mock.calls.some(([{ otherSessions }]) => otherSessions > 0)
      if (hasOthers && keep.mock.results.some(({ value }) => value.length > 0)) shared++
    }
    vi.restoreAllMocks()
    expect(shared / worlds.length).toBeGreaterThan(0.2)
  })

  it('one session alone is run as without a scheduler: the same passes in the same order', async () => {
    await fc.assert(
      fc.asyncProperty(setup, async (world) => {
        const passes = async (run: (session: Session, scheduler: Scheduler, scheduled: ScheduledSession) => Promise<void>) => {
          const { target, draft } = models(world)
          const scheduler = new Scheduler(target)
          const drafter = drafters(world, target)(new CachedSequence(draft.open(), world.promptChunk))()
          const scheduled = scheduler.join()
          const options = { ...sessionOptions(world, new CachedSequence(target.open()), drafter), load: scheduled }
          await run(new Session(options, world.prompts[0] as number[]), scheduler, scheduled)
          return { target: target.widths, draft: draft.widths }
        }
        const driven = await passes(async (session) => {
          while (!session.finish) drive(session.step())
        })
        const scheduled = await passes(async (session, scheduler, scheduled) => {
          const done = answerOn(scheduled, session)
          while (!scheduler.idle) {
            scheduler.turn()
            await settle()
          }
          await done
        })
        expect(scheduled).toEqual(driven)
      }),
      runs(100),
    )
  })
})

/** A generator that sends single tokens, or one chunk of a prompt. */
function* chain(cache: ReturnType<FakeModel['open']>, sizes: readonly number[], prompt = false): Generator<ForwardInput, string, unknown> {
  for (const size of sizes) {
    const tree = TokenTree.chain(Array.from({ length: size }, () => 1))
    yield { cache, tree, prompt }
    cache.commit(tree.path(tree.size - 1))
  }
  return 'done'
}

describe('joint passes', () => {
  it('answers of all sessions share one target pass, and one prompt chunk rides along', async () => {
    const target = new FakeModel()
    const scheduler = new Scheduler(target)
    const everyone = Array.from({ length: 4 }, () => scheduler.join())
    const work = everyone.map((scheduled, i) => scheduled.run(chain(target.open(), i < 2 ? [1, 1, 1, 1] : [20, 20], i >= 2)))
    while (!scheduler.idle) {
      scheduler.turn()
      await settle()
    }
    expect(await Promise.all(work)).toEqual(['done', 'done', 'done', 'done'])
    expect(target.widths).toEqual([22, 22, 22, 22])
  })

  it('a prompt on the draft model does not hold up those who wait for the target', async () => {
    const target = new FakeModel()
    const draft = new FakeModel()
    const scheduler = new Scheduler(target)
    const [reader, writer] = [scheduler.join(), scheduler.join()]
    const order: string[] = []
    for (const model of [target, draft]) {
      const forward = model.forward.bind(model)
      model.forward = (passes) => {
        order.push(model === target ? 'target' : 'draft')
        return forward(passes)
      }
    }
    void reader.run(chain(draft.open(), [30, 30, 30], true))
    void writer.run(chain(target.open(), [1, 1, 1]))
    while (!scheduler.idle) {
      scheduler.turn()
      await settle()
    }
    expect(order).toEqual(['draft', 'target', 'draft', 'target', 'draft', 'target'])
  })

  it('what does not fit into a batch waits its turn, the longest waiting first', async () => {
    const target = new FakeModel({ maxBatch: 10 })
    const scheduler = new Scheduler(target)
    const work = [6, 6, 6].map((size) => scheduler.join().run(chain(target.open(), [size, size])))
    while (!scheduler.idle) {
      scheduler.turn()
      await settle()
    }
    await Promise.all(work)
    expect(target.widths).toEqual([6, 6, 6, 6, 6, 6])
  })

  it('a pass that fails ends its own session only', async () => {
    const target = new FakeModel({ vocabSize: 8 })
    const scheduler = new Scheduler(target)
    const good = scheduler.join().run(chain(target.open(), [1, 2]))
    const cache = target.open()
    const bad = scheduler.join().run(
      (function* () {
        yield { cache, tree: TokenTree.chain([99]) }
      })(),
    )
    const failed = expect(bad).rejects.toThrow(/no such token/)
    while (!scheduler.idle) {
      scheduler.turn()
      await settle()
    }
    await failed
    expect(await good).toBe('done')
  })

  it('knows what the others put into a target pass', async () => {
    const target = new FakeModel()
    const scheduler = new Scheduler(target)
    const [first, second] = [scheduler.join(), scheduler.join()]
    expect(first.otherTokens).toBe(0)
    void second.run(chain(target.open(), [5, 3]))
    expect([first.otherTokens, second.otherTokens]).toEqual([5, 0])
    scheduler.turn()
    expect(first.otherTokens).toBe(3)
    second.cancel()
    expect(first.otherTokens).toBe(5) // its last pass is the best guess
    second.leave()
    expect(first.otherTokens).toBe(0)
  })

  it('a session among others reads its prompt in the chunks that it is told', async () => {
    const target = new FakeModel()
    const scheduler = new Scheduler(target)
    const scheduled = scheduler.join()
    const options = {
      target: new CachedSequence(target.open()),
      drafter: new VanillaDrafter(),
      sampler: new Sampler(),
      endTokens: new Set<number>(),
      load: scheduled,
      maxTokens: 1,
      promptChunk: () => 4,
    }
    const answered = answerOn(scheduled, new Session(options, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]))
    while (!scheduler.idle) {
      scheduler.turn()
      await settle()
    }
    await answered
    expect(target.widths).toEqual([4, 4, 2])
  })
})
