import { expect, test } from 'vitest'
import { FakeWorld, TEXT } from './fake-world.ts'

const REPORT = {
  exact: true,
  text: TEXT,
  finish_reason: 'stop',
  usage: { prompt_tokens: 3, completion_tokens: 4 },
  timings: { load_ms: 5, prompt_ms: 1, predicted_ms: 2, predicted_per_second: 10, draft_n: 4, draft_n_accepted: 2 },
  speculative: {
    method: 'ouroboros',
    steps: 2,
    target_passes: 2,
    draft_passes: 0,
    mean_acceptance_length: 2,
    draft_acceptance_rate: 0.5,
    acceptance_histogram: [0, 1, 0, 1],
    tokens_by_origin: { target: 2, draft: 1, phrase: 1 },
  },
}

test('--json prints one object and nothing else', async () => {
  const world = new FakeWorld()
  expect(await world.run(['run', 'hi', '--json', '--color=always'])).toBe(0)
  expect(JSON.parse(world.out)).toEqual(REPORT)
  expect(world.out.trimEnd()).not.toContain('\n')
})

test('--compare adds plain, speedup and equal', async () => {
  const world = new FakeWorld({ speed: (request) => (request.method === 'vanilla' ? 8 : 10) })
  await world.run(['run', 'hi', '--json', '--compare'])
  expect(JSON.parse(world.out)).toEqual({
    ...REPORT,
    plain: { text: TEXT, predicted_per_second: 8, runs_per_second: [8, 8] },
    speedup: 1.25,
    equal: true,
  })
})

test('--logprobs adds the tokens', async () => {
  const world = new FakeWorld()
  await world.run(['run', 'hi', '--json', '--logprobs', '2'])
  expect(world.engine.requests[0]?.logprobs).toBe(2)
  const { logprobs, ...rest } = JSON.parse(world.out)
  expect(rest).toEqual(REPORT)
  expect(logprobs).toHaveLength(4)
  expect(logprobs[0]).toEqual({ id: 50, token: 'Hello', logprob: -0.5, top_logprobs: [] })
})
