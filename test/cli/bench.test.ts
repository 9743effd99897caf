import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { GenerateRequest } from '../../src/api/types.ts'
import { type Report, reportSchema } from '../../src/bench/report.ts'
import { tempFolder } from '../models/temp-folder.ts'
import { type FakeOptions, FakeWorld } from './fake-world.ts'

const COSTS = { target: { widths: [1, 2, 4], seconds: [0.1, 0.11, 0.13] }, draft: null }

/** A folder with `count` questions. */
async function data(count = 4): Promise<string> {
  const folder = await tempFolder()
  const rows = Array.from({ length: count }, (_, i) => JSON.stringify({ question: `Question ${i}?` }))
  writeFileSync(join(folder, 'gsm8k.jsonl'), rows.join('\n'))
  return folder
}

const promptOf = (request: GenerateRequest) => /Question (\d+)/.exec(request.messages?.[0]?.content ?? '')?.[1]

async function bench(options: FakeOptions, ...flags: string[]) {
  const world = new FakeWorld(options)
  const folder = await data()
  const code = await world.run(['bench', '--data', folder, '--tasks', 'gsm8k', '--prompts', '2', ...flags])
  return { world, code, folder }
}

const report = (world: FakeWorld): Report => reportSchema.parse(JSON.parse(world.out))

describe('ouroboros bench', () => {
  it('prints where and how it ran, and a table with every method', async () => {
    const speed = (request: GenerateRequest) => ({ vanilla: 10, speculative: 12, ouroboros: 25 })[request.method as 'vanilla'] ?? 8
    const { world, code } = await bench({ speed, facts: { costs: COSTS } })
    expect(code).toBe(0)
    expect(world.out).toMatch(/^\d{4}-\d\d-\d\d {2}ouroboros bench --data/)
    expect(world.out).toMatch(/engine fake/)
    expect(world.out).toContain('big: big model, drafts by small model, 2 threads')
    expect(world.out).toContain('2 prompts a task, 128 tokens, temperature 0, seed 0, once')
    expect(world.out).toContain('big, gsm8k: 2 prompts')
    expect(world.out).toMatch(/\nvanilla +10\.0 +1\.00x/)
    expect(world.out).toMatch(/\nouroboros +25\.0 +2\.50x +\(2\.50\.\.2\.50\)/)
    for (const name of ['speculative', 'prompt-lookup', 'lookahead', 'ouroboros-warm']) expect(world.out).toContain(`\n${name} `)
    expect(world.out).toContain('big: perfect free drafts would give 3.08x, in passes of 4 tokens')
    expect(world.out).not.toContain('paper')
    expect(world.engine.disposed).toBe(true)
  })

  it('--context puts the same text of other prompts before each prompt', async () => {
    const { world, code } = await bench({}, '--methods', 'ouroboros', '--context', '12')
    expect(code).toBe(0)
    const measured = world.engine.requests.filter(({ messages }) => messages?.some(({ content }) => `${content}`.includes('Question')))
    // It stays in the cache; what another turn has left of the prompt does not.
    expect(new Set(measured.map((one) => [one.method, one.maxCachedTokens].join()))).toEqual(new Set(['vanilla,', 'ouroboros,13']))
    expect(new Set(measured.map(({ messages }) => JSON.stringify(messages)))).toEqual(
      new Set(
        [0, 1].map((i) =>
          JSON.stringify([
            { role: 'system', content: 'Question 2?\n' },
            { role: 'user', content: `Question ${i}?\nThink step by step.` },
          ]),
        ),
      ),
    )
  })

  it('--json - is the report and nothing else', async () => {
    const { world, code } = await bench({ facts: { costs: COSTS } }, '--json', '-', '--methods', 'ouroboros', '-n', '32', '-s', '3')
    expect(code).toBe(0)
    const { rows, limit, settings, models, command, samples } = report(world)
    expect(rows.map(({ method, task, target }) => [method, task, target])).toEqual([
      ['vanilla', 'gsm8k', 'big'],
      ['ouroboros', 'gsm8k', 'big'],
    ])
    expect(rows[1]).toMatchObject({
      prompts: 2,
      tokens: 8,
      speedup: 1,
      mean_acceptance_length: 2,
      texts: 2,
      equal_texts: 2,
      unsteady: 0,
      base: 'vanilla',
    })
    expect(limit?.[0]).toMatchObject({ target: 'big', width: 4 })
    expect(settings).toEqual({ prompts: 2, max_tokens: 32, temperature: 0, seed: 3, repeat: 1 })
    expect(models[0]).toMatchObject({ file: 'big.gguf', draft: { file: 'small.gguf' }, exact: true })
    expect(command).toMatch(/^ouroboros bench --data \S+ --tasks gsm8k/)
    expect(samples).toHaveLength(6)
  })

  it('no limit where costs are not known', async () => {
    const { world } = await bench({}, '--json', '-', '--methods', 'ouroboros')
    const { limit, rows } = report(world)
    expect([limit, rows[1]?.fraction_of_limit]).toEqual([null, null])
  })

  it('methods take turns on each prompt, plain decoding beside them; the pool is cold, or warm in a round of its own', async () => {
    const { world } = await bench({}, '--methods', 'prompt-lookup,ouroboros,ouroboros-warm')
    const measured = world.engine.events.slice(world.engine.events.indexOf('forget') + 3) // behind the warm-up
    expect(measured).toEqual([
      ...['vanilla', 'prompt-lookup', 'vanilla', 'forget', 'ouroboros', 'vanilla'],
      ...['vanilla', 'forget', 'ouroboros', 'vanilla', 'prompt-lookup', 'vanilla'],
      'forget',
      ...['vanilla', 'ouroboros', 'vanilla'],
      ...['vanilla', 'ouroboros', 'vanilla'],
    ])
  })

  it('tunes plain speculation on prompts that are not measured, and says what it chose', async () => {
    const speed = ({ options }: GenerateRequest) => 10 + (options?.draftLength === 4 ? 5 : 0)
    const { world } = await bench({ speed }, '--methods', 'speculative', '--json', '-')
    const lengths = world.engine.requests
      .filter((one) => one.method === 'speculative')
      .map((one) => [promptOf(one), one.options?.draftLength])
    expect(lengths.filter(([prompt]) => prompt === '2').map(([, length]) => length)).toEqual([2, 3, 4, 5, 7])
    expect(lengths.filter(([prompt]) => prompt === '0' || prompt === '1').length).toBe(2)
    expect(report(world).notes[0]).toMatch(/big, gsm8k: speculative drafts \d tokens \(of 2, 3, 4, 5, 7; tuned on other prompts: 2\)/)
  })

  it('--spec-draft-n-max is taken as it is; --repeat measures again', async () => {
    const { world } = await bench({}, '--methods', 'speculative', '--spec-draft-n-max', '6', '--repeat', '2', '--json', '-')
    const requests = world.engine.requests.filter((one) => promptOf(one) !== undefined && one.method === 'speculative')
    expect(requests.map((one) => one.options?.draftLength)).toEqual([6, 6, 6, 6])
    expect(report(world).rows[1]).toMatchObject({ prompts: 2, tokens: 16 })
  })

  it('--methods ablation is a ladder: each row is the one before and one idea more, warm pools in rounds of their own', async () => {
    const { world } = await bench({}, '--methods', 'ablation', '--spec-draft-n-max', '5', '--json', '-')
    expect(report(world).rows.map(({ method }) => method)).toEqual([
      ...['vanilla', 'draft model', '+ phrase drafting', '+ lengthening', '+ verification', '+ prompt, answer'],
      ...['+ earlier requests', '+ direct phrases'],
    ])
    const options = world.engine.requests.filter((one) => promptOf(one) === '0' && one.method === 'ouroboros').map((one) => one.options)
    expect(new Set(options.map((one) => one?.draftLength))).toEqual(new Set([5]))
    expect(new Set(options.map((one) => JSON.stringify(one))).size).toBe(6) // the pool alone tells one pair apart
    // Before each cold answer (warm-up and two prompts), and once before each warm round.
    expect(world.engine.events.filter((one) => one === 'forget')).toHaveLength(3 * 5 + 2)
  })

  it('several targets are loaded one after another', async () => {
    const loaded: string[] = []
    const world = new FakeWorld()
    world.load = async (options) => {
      loaded.push(options.target)
      return new FakeWorld({ facts: { target: { ...world.engine.facts.target, file: options.target } } }).engine
    }
    const flags = ['--tasks', 'gsm8k', '--prompts', '1', '--targets', 'a.gguf,b.gguf', '-md', 'small.gguf', '--methods', 'ouroboros']
    expect(await world.run(['bench', '--data', await data(), ...flags, '--json', '-'])).toBe(0)
    expect(loaded).toEqual(['a.gguf', 'b.gguf'])
    expect(report(world).rows.map(({ target, method }) => `${target} ${method}`)).toEqual([
      'a vanilla',
      'a ouroboros',
      'b vanilla',
      'b ouroboros',
    ])
  })

  it('targets of one name in several folders stay apart', async () => {
    const { world } = await bench({}, '--targets', 'x/big.gguf,y/big.gguf', '-md', 'small.gguf', '--methods', 'vanilla', '--json', '-')
    expect(report(world).rows.map(({ target }) => target)).toEqual(['big', 'y/big.gguf'])
  })

  it('--hardware adds what is projected, marked as such', async () => {
    const { world } = await bench({}, '--methods', 'ouroboros', '--hardware', 'flat-gpu')
    expect(world.out).toMatch(/PROJECTED, not measured: .* flat GPU, the default pair in float16\n {2}big, gsm8k: ouroboros 3\.00x/)
    const json = (await bench({}, '--methods', 'ouroboros', '--hardware', 'flat-gpu', '--json', '-')).world
    expect(report(json).projected.map(({ method, speedup }) => [method, speedup])).toContainEqual(['ouroboros', 3])
  })

  it('a peer that cannot be built is a row that says why; the others are measured', async () => {
    const { world, code } = await bench({}, '--methods', 'ouroboros', '--peers', 'llama.cpp,ik_llama.cpp')
    expect(code).toBe(0)
    expect(world.out).toContain('\nik_llama.cpp  not measured: E_PLATFORM: a fake world has no compiler')
    const json = (await bench({}, '--methods', 'ouroboros', '--peers', 'llama.cpp', '--json', '-')).world
    expect(report(json).failures).toEqual([{ target: 'big', method: 'llama.cpp', reason: 'E_PLATFORM: a fake world has no compiler' }])
  })

  it('--html writes one file', async () => {
    const file = join(await tempFolder(), 'report.html')
    expect((await bench({}, '--methods', 'ouroboros', '--html', file)).code).toBe(0)
    expect(readFileSync(file, 'utf8')).toContain('<svg')
  })

  it('Ctrl-C leaves what was measured, in the table and in the file', async () => {
    const file = join(await tempFolder(), 'report.json')
    const world: FakeWorld = new FakeWorld({
      beforeStep: (_, request) => (promptOf(request) === '1' && request.method === 'ouroboros' ? world.interrupt() : undefined),
    })
    const flags = ['--tasks', 'gsm8k', '--prompts', '2', '--methods', 'ouroboros', '--json', file]
    expect(await world.run(['bench', '--data', await data(), ...flags])).toBe(130)
    expect(world.out).toContain('interrupted')
    expect(world.out).toContain('big, gsm8k: 1 prompt')
    const written = reportSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
    expect([written.interrupted, written.rows[0]?.prompts]).toEqual([true, 1])
    expect(existsSync(`${file}.part`)).toBe(false)
  })

  it('a failure keeps what was measured before it', async () => {
    const world: FakeWorld = new FakeWorld({
      beforeStep: (_, request) => {
        if (promptOf(request) === '1') throw new Error('out of memory')
      },
    })
    const flags = ['--tasks', 'gsm8k', '--prompts', '2', '--methods', 'ouroboros']
    expect(await world.run(['bench', '--data', await data(), ...flags])).toBe(1)
    expect(world.out).toContain('big, gsm8k: 1 prompt')
    expect(world.err).toContain('out of memory')
  })
})

describe('what is wrong is said before anything is loaded', () => {
  it.each([
    [['--tasks', 'chess'], 2, /no such task: received chess, known are humaneval/],
    [['--methods', 'magic'], 2, /no such method: received magic, known are vanilla, .*all/],
    [['--tasks', 'gsm8k', '--tokens', '1'], 2, /--tokens/],
    [['--tasks', 'gsm8k,'], 2, /names with commas/],
    [['--methods', 'paper', '--temp', '0.5'], 2, /paper is greedy, as published: received --temp 0.5/],
    [['--methods', 'speculative', '--no-draft'], 2, /speculative needs a draft model/],
    [['--methods', 'speculative', '--targets', 'a.gguf'], 2, /a.gguf has none: name one with --spec-draft-model/],
    [['--hardware', 'h100'], 1, /no such hardware: received h100/],
    [['--peers', 'llama.cpp', '--context', '9'], 2, /--context goes with our own methods only/],
    [['--peers', 'llama.cpp,vllm'], 2, /Allowed: llama.cpp, ik_llama.cpp/],
    [['--json', '/nowhere/r.json'], 1, /cannot write \/nowhere\/r.json/],
    [['--html', '/nowhere/r.html'], 1, /cannot write \/nowhere\/r.html/],
    [['--tasks', 'mbpp'], 1, /no file for mbpp/],
  ])('%j', async (flags, code, line) => {
    const world = new FakeWorld()
    const tasks = flags.includes('--tasks') ? [] : ['--tasks', 'gsm8k']
    expect(await world.run(['bench', '--data', await data(), ...tasks, ...flags])).toBe(code)
    expect(world.err).toMatch(line)
    expect(world.loaded).toBeUndefined()
    expect(world.err.trim().split('\n')).toHaveLength(1)
  })

  it('--data is needed', async () => {
    const world = new FakeWorld()
    expect(await world.run(['bench'])).toBe(2)
    expect(world.err).toContain("required option '--data <dir>' not specified")
  })

  it('without a draft model its methods are left out, and this is said', async () => {
    const { world, code } = await bench({}, '--no-draft', '--json', '-')
    expect(code).toBe(0)
    expect(report(world).rows.map(({ method }) => method)).not.toContain('speculative')
    expect(report(world).notes).toContain('without a draft model (qwen2.5-coder-1.5b): speculative left out')
    const alone = (await bench({}, '--no-draft', '--methods', 'ouroboros', '--json', '-')).world
    expect(report(alone).notes).toEqual([])
  })
})
