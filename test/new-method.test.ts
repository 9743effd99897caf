import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { METHODS, type Method, type MethodOptions, OPTIONS } from '../src/api/methods.ts'
import type { DraftBudget, Drafter } from '../src/core/drafter.ts'
import { CachedSequence, drive, Sampler, Session, VanillaDrafter } from '../src/core/index.ts'
import type { ForwardInput, Logits } from '../src/core/model.ts'
import type { Token } from '../src/core/token.ts'
import { TokenTree } from '../src/core/token-tree.ts'

/** Adds a method as CONTRIBUTING.md says: a drafter, a row, a line for its constructor. Everything else must follow. */
class EchoDrafter implements Drafter {
  readonly #echoes: number

  constructor({ echoes }: { echoes: number }) {
    this.#echoes = echoes
  }

  begin(): void {}

  *propose(prefix: readonly Token[], budget: DraftBudget): Generator<ForwardInput, TokenTree, Logits> {
    const length = Math.min(this.#echoes, budget.maxDepth, budget.maxNodes, budget.remainingTokens - 1)
    return TokenTree.chain(Array.from({ length: Math.max(0, length) }, () => prefix.at(-1) as Token))
  }

  observe(): void {}
}

Object.assign(OPTIONS, {
  echoes: { type: z.int().min(1).max(8), flag: '--echo-count', field: 'echo_count', help: 'times that the last token is repeated [E]' },
})
Object.assign(METHODS, {
  echo: { summary: 'repeats itself', needsDraft: false, keepsPhrases: false, aliases: ['repeat'], options: { echoes: 2 } },
})
// What is derived from the table is derived when these are loaded.
const { METHODS_BY_NAME, OPTIONS_BY_FIELD } = await import('../src/api/method-options.ts')
const { checkRequest } = await import('../src/api/request-schema.ts')
const { createDrafter, DRAFTERS } = await import('../src/runtime/drafter-factory.ts')
const { findMethods, methodNames } = await import('../src/bench/method.ts')
const { FakeModel } = await import('../src/testing/index.ts')
const { FakeWorld } = await import('./cli/fake-world.ts')
const { HI, testApp } = await import('./server/harness.ts')
Object.assign(DRAFTERS, { echo: (options: { echoes: number }) => new EchoDrafter(options) })

const ECHO = 'echo' as Method
const echoes = (count: number) => ({ echoes: count }) as MethodOptions

test('the library checks it', () => {
  expect(() => checkRequest({ prompt: 'x', method: ECHO, options: echoes(8) })).not.toThrow()
  expect(() => checkRequest({ prompt: 'x', method: ECHO, options: echoes(9) })).toThrow(/^options\.echoes: .*received 9$/)
})

test('the command line has its flag, with bounds and default', async () => {
  const world = new FakeWorld()
  expect(await world.run(['run', 'hi', '--spec-type', 'echo', '--echo-count', '3'])).toBe(0)
  expect(world.engine.requests[0]).toMatchObject({ method: 'echo', options: { echoes: 3 } })
  const wrong = new FakeWorld()
  expect(await wrong.run(['run', 'hi', '--echo-count', '9'])).toBe(2)
  expect(wrong.err).toMatch(/'9'.*from 1 to 8/)
  const help = new FakeWorld()
  await help.run(['run', '--help'])
  expect(help.out.replace(/\s+/g, ' ')).toContain('--echo-count <n> times that the last token is repeated [E] (default: echo 2)')
  expect(help.out.replace(/\s+/g, ' ')).toContain('echo: repeats itself')
})

test('HTTP requests choose it by any of its names, and the API says so', async () => {
  const { app, engine, post } = testApp()
  for (const type of ['echo', 'repeat']) {
    expect((await post('/v1/chat/completions', { ...HI, speculative: { type, echo_count: 3 } })).status).toBe(200)
    expect(engine.requests.at(-1)).toMatchObject({ method: 'echo', options: { echoes: 3 } })
  }
  expect((await post('/v1/chat/completions', { ...HI, speculative: { echo_count: 9 } })).status).toBe(400)
  const description = await (await app.request('/openapi.json')).text()
  for (const word of ['repeat', 'echo_count', 'times that the last token is repeated [E] (default: echo 2)'])
    expect(description).toContain(word)
})

test('the benchmark measures it', () => {
  expect(methodNames).toContain('echo')
  const [, echo] = findMethods(['echo'])
  expect(echo).toMatchObject({ name: 'echo', needsDraft: false, pool: 'none' })
  expect(echo?.request({ preset: 'paper' } as never, {})).toEqual({ method: 'echo' })
})

test('its drafter gets its options with their defaults, and the text stays plain decoding’s', () => {
  const model = new FakeModel({ vocabSize: 4, order: 1 })
  const write = (drafter: Drafter) => {
    const session = new Session(
      { target: new CachedSequence(model.open()), drafter, sampler: new Sampler(), endTokens: new Set(), maxTokens: 30 },
      [1, 2, 3],
    )
    while (!session.finish) drive(session.step())
    return session
  }
  const echo = write(createDrafter(ECHO, {}, {} as never))
  expect(echo.prefix).toEqual(write(new VanillaDrafter()).prefix)
  expect(echo.statistics.acceptanceHistogram.length).toBeLessThanOrEqual(2 + 2)
  expect(echo.statistics.draftTokens).toBeGreaterThan(30)
})

test('a method without a constructor does not compile', () => {
  // @ts-expect-error: `echo` is missing
  const drafters: { readonly [M in Method | 'echo']: unknown } = DRAFTERS as Pick<typeof DRAFTERS, Method>
  expect(Object.keys(drafters)).toContain('echo')
})

test('docs/server.md names every method and field', () => {
  const text = readFileSync(new URL('../docs/server.md', import.meta.url), 'utf8')
  const names = [...METHODS_BY_NAME.keys(), ...OPTIONS_BY_FIELD.keys()].filter((name) => !['echo', 'repeat', 'echo_count'].includes(name))
  expect(names.filter((name) => !text.includes(`\`${name}\``))).toEqual([])
})
