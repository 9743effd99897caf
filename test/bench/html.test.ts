import { expect, test } from 'vitest'
import { htmlReport } from '../../src/bench/html.ts'
import { type Report, reportSchema } from '../../src/bench/report.ts'
import { reportSample, rowsOf } from '../../src/bench/rows.ts'
import { sample } from './samples.ts'

const curve = { widths: [1, 2, 4, 8], seconds: [0.05, 0.06, 0.07, 0.1] }
const samples = ['vanilla', 'ouroboros'].flatMap((method) =>
  [0, 1].map((prompt) => sample(method, prompt, { tokensPerSecond: 10 + prompt })),
)

const REPORT: Report = {
  machine: { cpu: 'A <fast> one', cores: 2, memory_bytes: 8e9, platform: 'linux x64', node: 'v20' },
  engine: 'fake',
  date: '2026-11-25T10:00:00.000Z',
  command: 'ouroboros bench --data "d & e"',
  models: [
    {
      target: 'big',
      file: 'big.gguf',
      description: 'big model',
      bytes: 1,
      draft: null,
      library: 'fake 1',
      threads: 2,
      context: 4096,
      exact: true,
    },
  ],
  limit: [
    { target: 'big', speedup: 4, width: 8, tokens_per_second: 80, plain_tokens_per_second: 20, target_curve: curve, draft_curve: curve },
  ],
  rows: rowsOf(samples, []),
  failures: [{ target: 'big', method: 'ik_llama.cpp', reason: 'E_PLATFORM: cmake <is> needed' }],
  interrupted: false,
  settings: { prompts: 2, max_tokens: 64, temperature: 0, seed: 0, repeat: 1 },
  notes: ['a note'],
  samples: samples.map(reportSample),
  projected: [{ hardware: 'another one', task: 'gsm8k', method: 'ouroboros', target: 'big', tokens_per_second: 50, speedup: 3 }],
}

test('the report is of the shape that is promised', () => {
  expect(reportSchema.parse(REPORT)).toEqual(REPORT)
})

test('one file: nothing is loaded, no script runs', async () => {
  const html = await htmlReport(REPORT)
  expect(html).not.toMatch(/https?:|<script|<link|<img|@import|url\(/)
  expect(html).toMatch(/^<!doctype html>/)
})

test('has command, machine, models, tables and all charts', async () => {
  const html = await htmlReport(REPORT)
  expect(html).toContain('ouroboros bench --data &quot;d &amp; e&quot;')
  expect(html).toContain('A &lt;fast&gt; one x 2')
  expect(html).toContain('big model; no draft model; 2 threads, context 4096, exact mode')
  expect(html).toContain('perfect free drafts would give 4.00x, in passes of 8 tokens')
  expect(html).toContain('a note')
  expect(html).toContain('<b>ik_llama.cpp</b> is not measured: E_PLATFORM: cmake &lt;is&gt; needed')
  expect(html.match(/<svg/g)).toHaveLength(4) // speed-ups, costs, context length, histogram
  expect(html.match(/prefers-color-scheme:dark/g)).toHaveLength(1)
})

test('what is projected stands apart and is called so', async () => {
  const [measured = '', projected = ''] = (await htmlReport(REPORT)).split('<section class="projected">')
  expect(projected).toContain('Projected, not measured')
  expect(projected).toContain('another one')
  expect(measured).not.toContain('another one')
})

test('says when it was interrupted; a report of nothing is a page all the same', async () => {
  const html = await htmlReport({ ...REPORT, rows: [], samples: [], limit: null, interrupted: true })
  expect(html).toContain('Interrupted')
  expect(html).not.toContain('<svg')
})
