import type picocolors from 'picocolors'
import type { Report, ReportRow } from './report.ts'
import { groupBy } from './statistics.ts'

type Paint = ReturnType<typeof picocolors.createColors>

interface Column {
  readonly title: string
  text(row: ReportRow): string
}

const COLUMNS: readonly Column[] = [
  { title: 'method', text: (row) => row.method },
  { title: 'tok/s', text: (row) => row.tokens_per_second.toFixed(1) },
  { title: 'speed-up', text: (row) => times(row.speedup) },
  { title: '(min..max)', text: ({ spread }) => (spread ? `(${spread.min.toFixed(2)}..${spread.max.toFixed(2)})` : '') },
  { title: 'of totals', text: (row) => times(row.speedup_of_totals) },
  { title: 'of limit', text: (row) => percent(row.fraction_of_limit, 0) },
  { title: 'tok/step', text: (row) => number(row.mean_acceptance_length) },
  { title: 'target/tok', text: (row) => number(row.target_passes_per_token) },
  { title: 'draft/tok', text: (row) => number(row.draft_passes_per_token) },
  { title: 'outside', text: (row) => percent(row.overhead_share, 1) },
  { title: 'equal', text: (row) => percent(row.equal_share, 0) },
  { title: 'memory', text: (row) => (row.memory_bytes === null ? '' : `${(row.memory_bytes / 1e9).toFixed(2)} GB`) },
]
/** Shown where other programs were measured beside ours. */
const OVER_VANILLA: Column = { title: 'over ours', text: (row) => (row.base === 'vanilla' ? '' : times(row.speedup_over_vanilla)) }

/** The report for a terminal: where and how it ran, then a table per target and task. */
export function tableReport(report: Report, paint: Paint): string {
  const lines = [...heading(report), '']
  const hasPeers = report.rows.some((row) => row.base !== 'vanilla')
  const columns = hasPeers ? [...COLUMNS.slice(0, 5), OVER_VANILLA, ...COLUMNS.slice(5)] : COLUMNS
  const used = columns.filter((column) => report.rows.some((row) => column.text(row) !== ''))
  const cells = new Map(report.rows.map((row) => [row, used.map((column) => column.text(row))]))
  const widths = used.map((column, i) => Math.max(column.title.length, ...[...cells.values()].map((row) => (row[i] as string).length)))
  const line = (texts: readonly string[]) =>
    texts.map((text, i) => (i === 0 ? text.padEnd : text.padStart).call(text, widths[i] as number)).join('  ')
  for (const group of groupBy(report.rows, (row) => `${row.target}, ${row.task}`)) {
    const [title, rows] = group
    const [first] = rows as [ReportRow]
    lines.push(paint.bold(`${title}: ${first.prompts} ${first.prompts === 1 ? 'prompt' : 'prompts'}`))
    lines.push(paint.dim(line(used.map((column) => column.title))))
    for (const row of rows) lines.push(line(cells.get(row) as string[]))
    lines.push('')
  }
  lines.push(...projections(report, paint))
  if (report.rows.length === 0) lines.push('nothing was measured', '')
  lines.push(...report.notes)
  if (report.interrupted) lines.push(paint.yellow('interrupted: these are the prompts that were measured until then'))
  return `${lines.join('\n').trimEnd()}\n`
}

/** A table of its own: nothing in it was measured. */
function projections({ projected }: Report, paint: Paint): string[] {
  const byHardware = groupBy(projected, (one) => one.hardware)
  return [...byHardware].flatMap(([hardware, all]) => [
    paint.bold(`PROJECTED, not measured: the steps above with the costs of ${hardware}`),
    ...[...groupBy(all, (one) => `${one.target}, ${one.task}`)].map(([title, ones]) => {
      const speeds = ones.filter(({ method }) => method !== 'vanilla').map(({ method, speedup }) => `${method} ${speedup.toFixed(2)}x`)
      return `  ${title}: ${speeds.join(', ')}`
    }),
    '',
  ])
}

function heading(report: Report): string[] {
  const { machine, settings } = report
  const models = report.models.map(
    ({ target, description, draft, threads, exact }) =>
      `${target}: ${description}${draft ? `, drafts by ${draft.description}` : ', no draft model'}, ${threads} threads${exact ? ', exact' : ''}`,
  )
  const limits = (report.limit ?? []).map(
    ({ target, speedup, width }) => `${target}: perfect free drafts would give ${speedup.toFixed(2)}x, in passes of ${width} tokens`,
  )
  return [
    `${report.date.slice(0, 10)}  ${report.command}`,
    `${machine.cpu} x ${machine.cores}, ${machine.platform}, engine ${report.engine}`,
    `${settings.prompts} prompts a task, ${settings.max_tokens} tokens, temperature ${settings.temperature}, seed ${settings.seed}, ${settings.repeat === 1 ? 'once' : `${settings.repeat} times`}`,
    ...models,
    ...limits,
  ]
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
