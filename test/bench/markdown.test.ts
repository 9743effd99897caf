import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, test } from 'vitest'
import { filled, markdownReports, markdownSummary, newestSummary, portableCommand } from '../../src/bench/markdown.ts'
import { type Report, reportSchema } from '../../src/bench/report.ts'
import { reportSample, rowsOf } from '../../src/bench/rows.ts'
import { defaultTarget, findEntry } from '../../src/models/catalog.ts'
import { sample } from './samples.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8')

const samples = ['vanilla', 'ouroboros'].flatMap((method) =>
  [0, 1].map((prompt) => sample(method, prompt, { tokensPerSecond: method === 'vanilla' ? 10 : 20 + prompt })),
)
const REPORT: Report = {
  machine: { cpu: 'a processor', cores: 2, memory_bytes: 8e9, platform: 'linux x64', node: 'v20' },
  engine: 'fake 1',
  date: '2026-11-25T10:00:00.000Z',
  command: 'ouroboros bench --data DIR',
  models: [
    { target: 'big', file: 'big.gguf', description: '', bytes: 1, draft: null, library: 'fake', threads: 2, context: 4096, exact: true },
  ],
  limit: null,
  rows: rowsOf(samples, []),
  failures: [{ target: 'big', method: 'llama.cpp', reason: 'E_PLATFORM: no cmake' }],
  interrupted: false,
  settings: { prompts: 2, max_tokens: 64, temperature: 0, seed: 0, repeat: 1 },
  notes: ['a note'],
  samples: samples.map(reportSample),
  projected: [],
}

describe('reports as markdown', () => {
  it('none: nothing', () => expect(markdownReports(new Map())).toBe(''))

  it('each with date, command, models, a line per task and method, and what failed', () => {
    const text = markdownReports(new Map([['2026-11-25-big', REPORT]]))
    expect(text).toContain('### 2026-11-25-big\n\n2026-11-25, 2 cores of a processor, fake 1: 2 prompts a task, 64 tokens, greedy.')
    expect(text).toContain('`ouroboros bench --data DIR`')
    expect(text).toContain('`big`, no draft model, 2 threads, exact')
    expect(text).toContain('| gsm8k | ouroboros | 20.5 | 2.05x | (2.02..2.08) | 2.00x |')
    expect(text).toContain('\n\nbig, ouroboros: 0 of 2 prompts below 0.97x\n\na note')
    expect(text).toContain('llama.cpp was not measured: E_PLATFORM: no cmake')
    const sections = markdownReports(
      new Map([
        ['a', REPORT],
        ['b', { ...REPORT, interrupted: true }],
      ]),
    )
    expect(sections.match(/^### /gm)).toHaveLength(2)
    expect(sections.match(/Ended early/g)).toHaveLength(1)
  })

  it('a summary has tasks side by side, of one target only', () => {
    expect(markdownSummary(REPORT, 'big.gguf')?.split('\n').slice(0, 6)).toEqual([
      '|  | gsm8k |',
      '| --- | --- |',
      '| plain decoding, tokens/s | 10.0 |',
      '| **ouroboros** | **2.05x** (2.02..2.08) |',
      '| its worst prompt | 2.00x |',
      "| texts equal to plain decoding's | 2 of 2 |",
    ])
    expect(markdownSummary(REPORT, 'other.gguf')).toBeNull()
  })

  it('the newest summary is of a report of ours alone', () => {
    const alone = { ...REPORT, failures: [] }
    const rows = REPORT.rows.map((row) => ({ ...row, base: 'llama.cpp', method: 'llama.cpp' }))
    const beside = { ...alone, date: '2026-11-26T10:00:00.000Z', rows: [...REPORT.rows, ...rows] }
    const reports = [alone, beside, REPORT].map((report, i): [string, Report] => [String(i), report])
    expect(newestSummary(new Map(reports), 'big.gguf')).toBe(markdownSummary(alone, 'big.gguf'))
    expect(newestSummary(new Map(reports.slice(1)), 'big.gguf')).toBeNull()
  })

  it('commands lose the folders of a machine', () => {
    expect(portableCommand('ouroboros bench --data "/a b/c" --tasks mbpp --json=/x/y.json --html out.html -md d.gguf')).toBe(
      'ouroboros bench --data DIR --tasks mbpp -md d.gguf',
    )
  })

  it('replaces its place only, and says which is missing', () => {
    expect(filled('a\n<!-- x: note -->\nold\n<!-- /x -->\nb', 'x', 'new $1')).toBe('a\n<!-- x: note -->\n\nnew $1\n\n<!-- /x -->\nb')
    expect(filled('<!-- x -->\nold\n<!-- /x -->', 'x', '')).toBe('<!-- x -->\n<!-- /x -->')
    expect(() => filled('a', 'x', '')).toThrow('no place <!-- x -->')
  })
})

test('the pages say what the published reports say: npm run measurements', () => {
  const names = readdirSync(join(ROOT, 'bench/results')).filter((name) => name.endsWith('.json'))
  const reports = new Map(names.sort().map((name) => [name.slice(0, -5), reportSchema.parse(JSON.parse(read(`bench/results/${name}`)))]))
  const page = read('docs/measurements.md')
  expect(filled(page, 'results', markdownReports(reports))).toBe(page)
  const newest = newestSummary(reports, findEntry(defaultTarget)?.file as string)
  const readme = read('README.md')
  if (newest) expect(filled(readme, 'speed', newest)).toBe(readme)
})
