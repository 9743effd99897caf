import type { ReportRow } from './report.ts'

/** One figure of a row, as people read it. */
export interface Column {
  readonly title: string
  text(row: ReportRow): string
}

const COLUMNS: readonly Column[] = [
  { title: 'method', text: (row) => row.method },
  { title: 'tok/s', text: (row) => row.tokens_per_second.toFixed(1) },
  { title: 'speed-up', text: (row) => times(row.speedup) },
  { title: '(q1..q3)', text: ({ spread }) => (spread ? `(${spread.q1.toFixed(2)}..${spread.q3.toFixed(2)})` : '') },
  { title: 'worst', text: ({ spread }) => times(spread?.min ?? null) },
  { title: 'of totals', text: (row) => times(row.speedup_of_totals) },
  { title: 'over ours', text: (row) => (row.base === 'vanilla' ? '' : times(row.speedup_over_vanilla)) },
  { title: 'of limit', text: (row) => percent(row.fraction_of_limit, 0) },
  { title: 'tok/step', text: (row) => number(row.mean_acceptance_length) },
  { title: 'target/tok', text: (row) => number(row.target_passes_per_token) },
  { title: 'draft/tok', text: (row) => number(row.draft_passes_per_token) },
  { title: 'outside', text: (row) => percent(row.overhead_share, 1) },
  { title: 'J/token', text: (row) => number(row.joules_per_token) },
  { title: 'equal', text: (row) => `${row.equal_texts}/${row.texts}` },
  { title: 'unsteady', text: (row) => (row.unsteady === 0 ? '' : String(row.unsteady)) },
  { title: 'memory', text: (row) => (row.memory_bytes === null ? '' : `${(row.memory_bytes / 1e9).toFixed(2)} GB`) },
]

/** What the columns mean, for who reads them the first time. */
export const LEGEND: readonly string[] = [
  'speed-up: median, quartiles and worst over the prompts of tokens per second, against plain decoding before and after it; of totals: all tokens ÷ all time',
  'over ours: other programs against our plain decoding; of limit: part of what perfect free drafts would give on the measured cost of a pass',
  'tok/step: tokens per verification, the own one included; target/tok, draft/tok: passes per token; outside: time outside the passes; J/token: energy of processors and memory',
  "equal: texts equal to the base's, to the last character; unsteady: turns whose plain runs before and after differ by more than 5 %",
]

/** The columns in which some row says something. */
export function usedColumns(rows: readonly ReportRow[]): Column[] {
  return COLUMNS.filter((column) => rows.some((row) => column.text(row) !== ''))
}

function times(value: number | null): string {
  return value === null ? '' : `${value.toFixed(2)}x`
}

function percent(value: number | null, digits: number): string {
  return value === null ? '' : `${(100 * value).toFixed(digits)} %`
}

function number(value: number | null): string {
  return value === null ? '' : value.toFixed(2)
}
