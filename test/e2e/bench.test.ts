import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { reportSchema } from '../../src/bench/report.ts'

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'bench-e2e-'))
afterAll(() => rmSync(folder, { recursive: true }))

it('ouroboros bench on a small model: every method, one prompt, table and file', async () => {
  writeFileSync(
    join(folder, 'gsm8k.jsonl'),
    `${JSON.stringify({ question: 'Ann has two apples and buys three more. How many has she?' })}\n`,
  )
  const file = join(folder, 'report.json')
  const models = ['-m', 'smollm2-135m', '-md', 'smollm2-135m', '-c', '1024', '-t', '1']
  const flags = ['--data', folder, '--tasks', 'gsm8k', '--prompts', '1', '--tokens', '8', '--methods', 'all', '--hardware', 'flat-gpu']
  const child = spawn(process.execPath, [MAIN, 'bench', ...models, ...flags, '--json', file], { stdio: ['ignore', 'pipe', 'pipe'] })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const [code] = await once(child, 'close')
  expect(code, stderr).toBe(0)
  const { rows, interrupted, notes, projected } = reportSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
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
    expect(row.overhead_share, row.method).toBeGreaterThanOrEqual(0)
    expect(row.target_passes_per_token, row.method).toBeLessThanOrEqual(1)
  }
  // The model drafts for itself: all is accepted.
  expect(rows.find(({ method }) => method === 'speculative')?.mean_acceptance_length).toBeGreaterThan(2)
  expect(projected.find(({ method }) => method === 'vanilla')?.speedup).toBe(1)
  for (const { method } of rows) expect(stdout).toContain(`\n${method} `)
})
