import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { GenerateRequest } from '../../src/api/types.ts'
import { FakeEngine } from '../../src/testing/index.ts'
import { tempFolder } from '../models/temp-folder.ts'
import { FakeWorld } from './fake-world.ts'

/** Five questions on a fake engine with two sessions. */
async function exact(answer: (request: GenerateRequest) => string, ...flags: string[]) {
  const folder = await tempFolder()
  const rows = Array.from({ length: 5 }, (_, i) => JSON.stringify({ question: `Question ${i}?` }))
  writeFileSync(join(folder, 'gsm8k.jsonl'), rows.join('\n'))
  const engine = new FakeEngine({ answer })
  const world = new FakeWorld()
  let sessions: number | undefined
  world.load = async (options) => {
    sessions = options.sessions
    return engine as never
  }
  const given = ['--data', folder, '--tasks', 'gsm8k', '--prompts', '5', '--sessions', '2', ...flags]
  const code = await world.run(['bench', 'exact', ...given])
  return { world, code, engine, sessions }
}

describe('ouroboros bench exact', () => {
  it('compares texts at every temperature, several at once, and plain ones alone', async () => {
    const { world, code, engine, sessions } = await exact(({ seed }) => `the answer of ${seed}`)
    expect([code, sessions, engine.mostRunning]).toEqual([0, 2, 2])
    expect(world.out).toContain("temperature 0: 0 of 5 texts of ouroboros differ from plain decoding's (20 tokens, 2 at once)")
    expect(world.out).toContain('0 of 3 plain texts differ alone')
    expect(world.out).toContain('temperature 0.8: 0 of 5')
    const sampled = engine.requests.filter(({ temperature }) => temperature === 0.8)
    expect(sampled.filter(({ method }) => method === 'ouroboros').map(({ seed }) => seed)).toEqual([11, 12, 13, 14, 15])
    expect(engine.disposed).toBe(true)
  })

  it('a text that differs is counted, and the exit status is 1', async () => {
    const other = ({ method, seed }: GenerateRequest) => (method === 'speculative' && seed === 13 ? 'another' : 'an answer')
    const { world, code } = await exact(other, '--method', 'speculative', '--temp', '0', '--json')
    expect(code).toBe(1)
    expect(JSON.parse(world.out)).toMatchObject({
      method: 'speculative',
      sessions: 2,
      rows: [{ temperature: 0, texts: 5, different: 1, alone: 3, alone_different: 0 }],
    })
    expect(world.err).toContain("texts that differ from plain decoding's: 1")
  })

  it('a plain text that is another one alone is counted too', async () => {
    let asked = 0
    const { world, code } = await exact(({ method }) => (method === 'vanilla' && ++asked === 3 ? 'another' : 'an answer'), '--temp', '0')
    expect(code).toBe(1)
    expect(world.out).toContain('1 of 3 plain texts differ alone')
  })

  it('refuses what it cannot compare before anything is loaded', async () => {
    const { world, code, sessions } = await exact(() => '', '--temp', 'warm')
    expect([code, sessions]).toEqual([2, undefined])
    expect(world.err).toContain('Allowed: a number from 0 to 100')
  })
})
