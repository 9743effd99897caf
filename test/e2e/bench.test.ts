import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { reportSchema } from '../../src/bench/report.ts'
import { homeFolder } from '../../src/models/home.ts'
import { readRecording } from '../../src/replay/recording.ts'

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'bench-e2e-'))
afterAll(() => rmSync(folder, { recursive: true }))

const run = (...args: string[]) => runWith(process.env, ...args)

async function runWith(env: NodeJS.ProcessEnv, ...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const [code] = await once(child, 'close')
  return { code, stdout, stderr }
}

it('ouroboros bench on a small model: every method, one prompt, table and file', async () => {
  writeFileSync(
    join(folder, 'gsm8k.jsonl'),
    `${JSON.stringify({ question: 'Ann has two apples and buys three more. How many has she?' })}\n`,
  )
  const file = join(folder, 'report.json')
  const pair = ['-m', 'smollm2-135m', '-md', 'smollm2-135m', '-c', '1024', '-t', '1']
  const flags = ['--data', folder, '--tasks', 'gsm8k', '--prompts', '1', '--tokens', '8', '--methods', 'all', '--hardware', 'flat-gpu']
  const { code, stdout, stderr } = await run('bench', ...pair, ...flags, '--json', file)
  expect(code, stderr).toBe(0)
  const { models, rows, interrupted, notes, projected } = reportSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  expect(rows.map(({ method }) => method)).toEqual([
    'vanilla',
    'speculative',
    'prompt-lookup',
    'lookahead',
    'ouroboros',
    'ouroboros-warm',
    'paper',
  ])
  expect(interrupted).toBe(false)
  expect(notes[0]).toContain('speculative is not tuned')
  for (const row of rows) {
    expect(row.tokens, row.method).toBeGreaterThan(0)
    if (models[0]?.exact) expect(row.equal_texts, row.method).toBe(row.texts)
    // Steps by tokens emitted: one step, one pass.
    const histogram = row.acceptance_histogram as number[]
    const [steps, emitted] = [histogram.reduce((sum, count) => sum + count, 0), histogram.reduce((sum, count, i) => sum + i * count, 0)]
    expect(emitted, row.method).toBe(row.tokens)
    expect(steps / emitted, row.method).toBeCloseTo(row.target_passes_per_token as number, 2)
    expect(row.target_passes_per_token, row.method).toBeLessThanOrEqual(1)
  }
  // The model drafts for itself: all is accepted.
  expect(rows.find(({ method }) => method === 'speculative')?.mean_acceptance_length).toBeGreaterThan(2)
  expect(projected.find(({ method }) => method === 'vanilla')?.speedup).toBe(1)
  for (const { method } of rows) expect(stdout).toContain(`\n${method} `)
})

it('ouroboros bench record and replay: a pair of models, its answers written again', async () => {
  const rows = ['Ann has two apples and buys three more. How many has she?', 'What is two and two?']
  writeFileSync(join(folder, 'gsm8k.jsonl'), rows.map((question) => JSON.stringify({ question })).join('\n'))
  const file = join(folder, 'recording.json.gz')
  const models = ['-m', 'smollm2-135m', '--spec-draft-model', 'smollm2-135m']
  const recorded = await run('bench', 'record', file, '--data', folder, '--skip', '1', '--tokens', '12', ...models)
  expect(recorded.code, recorded.stderr).toBe(0)
  const { texts } = readRecording(file)
  expect(texts).toHaveLength(1)
  // The draft model is the target: it is right everywhere.
  expect(texts[0]?.draft.map(([token]) => token)).toEqual(texts[0]?.answer)
  const replayed = await run('bench', 'replay', file, '--hardware', 'flat-gpu', '--concurrency', '2')
  expect(replayed.code, replayed.stderr).toBe(0)
  expect(replayed.stdout).toMatch(/\ngsm8k +\d\.\d\dx/)
})

it('ouroboros bench serve: its servers know nothing of what others were asked', async () => {
  writeFileSync(join(folder, 'gsm8k.jsonl'), `${JSON.stringify({ question: 'What is two and two?' })}\n`)
  const home = join(folder, 'home')
  mkdirSync(home)
  for (const name of ['models', 'kernels'])
    if (existsSync(join(homeFolder(), name))) symlinkSync(join(homeFolder(), name), join(home, name))
  const flags = ['--data', folder, '--prompts', '1', '--concurrency', '1', '--rounds', '1', '-n', '4']
  const pair = ['-m', 'smollm2-135m', '-md', 'smollm2-135m', '-c', '512', '-t', '1', '--no-calibrate']
  const env = { ...process.env, OUROBOROS_HOME: home, OUROBOROS_HISTORY: 'on' }
  const { code, stdout, stderr } = await runWith(env, 'bench', 'serve', ...flags, '--', ...pair)
  expect(code, stderr).toBe(0)
  expect(stdout).toMatch(/ouroboros.*1\/1/)
  expect(existsSync(join(home, 'phrases'))).toBe(false)
})
