import { describe, expect, it } from 'vitest'
import { runPeer } from '../../src/bench/peers/run-peers.ts'
import type { PromptSet } from '../../src/bench/prompts.ts'
import { rowsOf } from '../../src/bench/rows.ts'
import type { Plan } from '../../src/bench/runner.ts'
import type { Sample } from '../../src/bench/sample.ts'
import { findTasks, type Task } from '../../src/bench/task.ts'
import type { PeerName } from '../../src/builds/peers.ts'
import { FakeEngine } from '../cli/fake-world.ts'
import { FAKE_LOOKAHEAD, FAKE_SERVER, program } from './fake-llama.ts'

interface Case {
  readonly engine?: FakeEngine
  readonly peer?: PeerName
  /** Prompts to tune with. */
  readonly others?: readonly string[]
  readonly measured?: PromptSet['measured']
  readonly repeat?: number
}

async function run({ engine = new FakeEngine(), peer = 'llama.cpp', others = ['other'], measured = [['one'], ['two']], repeat = 1 }: Case) {
  const programs = { server: await program(FAKE_SERVER), lookahead: await program(FAKE_LOOKAHEAD) }
  const tasks = [{ task: findTasks('gsm8k')[0] as Task, prompts: { measured, others } }]
  const plan: Plan = { tasks, methods: [], maxTokens: 16, temperature: 0, seed: 0, repeat, context: 0 }
  const samples: Sample[] = []
  const notes: string[] = []
  const observer = { prompt: (some: readonly Sample[]) => void samples.push(...some), note: (line: string) => void notes.push(line) }
  await runPeer(peer, programs, engine, 'big', plan, observer, new AbortController().signal)
  return { rows: rowsOf(samples, []), samples, notes }
}

describe.skipIf(process.platform === 'win32')('peers beside us', () => {
  it('every mode, with its own plain decoding as the base, and ours beside it', async () => {
    const engine = new FakeEngine({ speed: () => 30 })
    const { rows, samples, notes } = await run({ engine })
    expect(rows.map(({ method }) => method).sort()).toEqual([
      'llama.cpp',
      'llama.cpp draft-simple',
      'llama.cpp lookahead',
      'llama.cpp ngram-cache',
      'llama.cpp ngram-map-k',
      'llama.cpp ngram-mod',
    ])
    expect(new Set(rows.map(({ base }) => base))).toEqual(new Set(['llama.cpp']))
    expect(rows[0]).toMatchObject({ method: 'llama.cpp', tokens_per_second: 15, speedup: 1, speedup_over_vanilla: 0.5, prompts: 2 })
    expect(rows.find(({ method }) => method === 'llama.cpp lookahead')).toMatchObject({ tokens_per_second: 5, speedup: 0.3333 })
    expect(samples.every(({ vanilla }) => vanilla.tokensPerSecond === 30)).toBe(true)
    expect(samples.every(({ steady }) => steady)).toBe(true)
    expect(notes[0]).toMatch(/big, gsm8k: llama.cpp draft-simple drafts at most \d tokens \(of 2, 3, 4, 6; tuned on other prompts: 1\)/)
    expect(new Set(engine.events)).toEqual(new Set(['vanilla']))
  })

  it('without a draft model there is no draft-simple; without other prompts it has its own default', async () => {
    const alone = await run({ engine: new FakeEngine({ facts: { draft: null } }) })
    expect(alone.rows.map(({ method }) => method)).not.toContain('llama.cpp draft-simple')
    expect((await run({ others: [] })).notes[0]).toMatch(/at most 3 tokens .*its default: there are no other prompts/)
  })

  it('a draft model that keeps the last answer is given another text before it is asked the same again', async () => {
    const { rows } = await run({ peer: 'ik_llama.cpp', others: [], measured: [['one']], repeat: 2 })
    expect(rows.find(({ method }) => method === 'ik_llama.cpp draft')).toMatchObject({ tokens_per_second: 15, speedup: 1 })
  })
})
