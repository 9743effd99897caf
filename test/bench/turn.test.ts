import { expect, it } from 'vitest'
import { runRound } from '../../src/bench/round.ts'
import type { Sample } from '../../src/bench/sample.ts'
import type { Contender } from '../../src/bench/turn.ts'
import { measured } from './samples.ts'

/** Writes at these speeds, one after another; the last one stays. */
function contender(name: string, speeds: number[], log: string[], once = false): Contender {
  return {
    name,
    once,
    run: async () => {
      log.push(name)
      return measured({ tokensPerSecond: speeds.length > 1 ? (speeds.shift() as number) : (speeds[0] as number) })
    },
  }
}

async function round(plainSpeeds: number[], once = false): Promise<{ log: string[]; samples: Sample[] }> {
  const [log, samples]: [string[], Sample[]] = [[], []]
  const others = [contender('m', [20], log, once)]
  const about = {
    target: 'big',
    task: 'gsm8k',
    questions: [['p']] as const,
    repeat: 1,
    plain: contender('vanilla', plainSpeeds, log),
    others,
  }
  await runRound(about, (some) => void samples.push(...some))
  return { log, samples }
}

it('a turn stands between two plain runs and refers to the mean of both', async () => {
  const { log, samples } = await round([10, 10.4])
  expect(log).toEqual(['vanilla', 'm', 'vanilla'])
  expect(samples.map(({ method, steady }) => [method, steady])).toEqual([
    ['vanilla', true],
    ['vanilla', true],
    ['m', true],
  ])
  expect(samples[2]?.base.measured.tokensPerSecond).toBeCloseTo(10.2)
})

it('is repeated where these do not agree, and only the kept one is told', async () => {
  const { log, samples } = await round([10, 8, 8])
  expect(log).toEqual(['vanilla', 'm', 'vanilla', 'm', 'vanilla'])
  expect(samples.map(({ measured }) => measured.tokensPerSecond)).toEqual([8, 8, 20])
  expect(samples.every(({ steady }) => steady)).toBe(true)
})

it('is marked where they never agree, after three tries', async () => {
  const { log, samples } = await round([10, 8, 6, 4])
  expect(log.filter((name) => name === 'm')).toHaveLength(3)
  expect(samples.every(({ steady }) => !steady)).toBe(true)
})

it('what learns is not repeated: it would know its own answer', async () => {
  const { log, samples } = await round([10, 8], true)
  expect(log).toEqual(['vanilla', 'm', 'vanilla'])
  expect(samples.at(-1)?.steady).toBe(false)
})

it('each turn of a question is a prompt of its own, behind plain decoding’s answers', async () => {
  const asked: string[] = []
  const writer = (name: string): Contender => ({
    name,
    run: async (messages) => {
      asked.push(`${name}: ${messages.map(({ role, content }) => `${role} ${content}`).join(', ')}`)
      return measured({ text: `${name} ${messages.length}` })
    },
  })
  const questions = [['one', 'two'], ['three']] as const
  const samples: Sample[] = []
  const about = { target: 'big', task: 'writing', questions, repeat: 2, plain: writer('vanilla'), others: [writer('m')] }
  await runRound(about, (some) => void samples.push(...some))
  expect([...new Set(asked)].filter((line) => line.startsWith('m: '))).toEqual([
    'm: user one',
    'm: user one, assistant vanilla 1, user two',
    'm: user three',
  ])
  expect(samples.filter(({ method }) => method === 'm').map(({ prompt }) => prompt)).toEqual([0, 1, 2, 0, 1, 2])
})
