import type picocolors from 'picocolors'
import { LEGEND, usedColumns } from './columns.ts'
import { floorLines } from './floor.ts'
import type { Report, ReportRow } from './report.ts'
import { groupBy } from './statistics.ts'

type Paint = ReturnType<typeof picocolors.createColors>

/** The report for a terminal: where and how it ran, then a table per target and task. */
export function tableReport(report: Report, paint: Paint): string {
  const lines = [...heading(report), '']
  const used = usedColumns(report.rows)
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
    for (const { method, reason } of report.failures.filter(({ target }) => target === first.target))
      lines.push(`${method}  not measured: ${reason}`)
    lines.push('')
  }
  if (report.rows.length === 0) lines.push('nothing was measured', '')
  else lines.push(...LEGEND.map((one) => paint.dim(one)), '')
  lines.push(...projections(report, paint))
  lines.push(...floorLines(report), ...report.notes)
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
