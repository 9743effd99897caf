import { type Column, usedColumns } from './columns.ts'
import { floorLines } from './floor.ts'
import type { Report, ReportRow } from './report.ts'
import { groupBy } from './statistics.ts'

/** Reports by the names of their files, oldest first, as sections of a page. */
export function markdownReports(reports: ReadonlyMap<string, Report>): string {
  return [...reports].map(([name, report]) => section(name, report)).join('\n\n')
}

/** One method on one target, tasks side by side; null if the report does not have it. */
export function markdownSummary(report: Report, targetFile: string, method = 'ouroboros'): string | null {
  const model = report.models.find(({ file }) => file === targetFile)
  const rows = report.rows.filter((row) => row.method === method && row.target === model?.target)
  if (!model || rows.length === 0) return null
  const plain = (task: string) => report.rows.find((row) => row.method === 'vanilla' && row.task === task && row.target === model.target)
  const lines = [
    ['', ...rows.map(({ task }) => task)],
    rows.map(() => '---').concat('---'),
    ['plain decoding, tokens/s', ...rows.map(({ task }) => plain(task)?.tokens_per_second.toFixed(1) ?? '')],
    [`**${method}**`, ...rows.map(speedup)],
    ['its worst prompt', ...rows.map(({ spread }) => (spread ? `${spread.min.toFixed(2)}x` : ''))],
    ["texts equal to plain decoding's", ...rows.map(({ equal_texts, texts }) => `${equal_texts} of ${texts}`)],
  ]
  return `${lines.map(tableLine).join('\n')}\n\n${report.date.slice(0, 10)}, ${machine(report)}: ${settings(report)}.\n\`${report.command}\``
}

/** The summary of the last report that has one, of our methods only: a comparison with other programs measures few prompts. */
export function newestSummary(reports: ReadonlyMap<string, Report>, targetFile: string): string | null {
  const ours = [...reports.values()].filter(({ rows, failures }) => failures.length === 0 && rows.every(({ base }) => base === 'vanilla'))
  return ours.map((report) => markdownSummary(report, targetFile)).findLast((summary) => summary !== null) ?? null
}

/** The text with what stands between `<!-- name... -->` and `<!-- /name -->` replaced; throws where there is no such place. */
export function filled(text: string, name: string, content: string): string {
  const place = new RegExp(`(<!-- ${name}[^\\n]* -->\\n)[^]*?(<!-- /${name} -->)`)
  if (!place.test(text)) throw new Error(`the page has no place <!-- ${name} --> ... <!-- /${name} -->`)
  return text.replace(place, (_, start: string, end: string) => `${start}${content === '' ? '' : `\n${content}\n\n`}${end}`)
}

/** The command without this machine's folders, as everyone can repeat it. */
export function portableCommand(command: string): string {
  return command.replace(/ --(?:json|html)[ =](?:"[^"]*"|\S+)/g, '').replace(/(--data[ =])(?:"[^"]*"|\S+)/g, '$1DIR')
}

function section(name: string, report: Report): string {
  const columns = usedColumns(report.rows)
  return [
    `### ${name}`,
    '',
    `${report.date.slice(0, 10)}, ${machine(report)}, ${report.engine}: ${settings(report)}.${report.interrupted ? ' **Ended early.**' : ''}`,
    '',
    `\`${report.command}\``,
    ...[...groupBy(report.rows, (row) => row.target)].flatMap(([target, rows]) => [
      '',
      modelLine(report, target),
      '',
      ...table(rows, columns),
    ]),
    ...report.failures.map(({ method, reason }) => `\n${method} was not measured: ${reason}`),
    ...[...floorLines(report), ...report.notes].map((line) => `\n${line}`),
  ].join('\n')
}

function modelLine({ models }: Report, target: string): string {
  const model = models.find((one) => one.target === target)
  if (!model) return `\`${target}\``
  const draft = model.draft ? ` with \`${model.draft.file}\`` : ', no draft model'
  return `\`${target}\`${draft}, ${model.threads} threads${model.exact ? ', exact' : ''}`
}

function table(rows: readonly ReportRow[], columns: readonly Column[]): string[] {
  const titles = ['task', ...columns.map(({ title }) => title)]
  return [titles, titles.map(() => '---'), ...rows.map((row) => [row.task, ...columns.map((column) => column.text(row))])].map(tableLine)
}

function tableLine(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

function speedup({ speedup, spread }: ReportRow): string {
  if (speedup === null) return ''
  return `**${speedup.toFixed(2)}x**${spread ? ` (${spread.q1.toFixed(2)}..${spread.q3.toFixed(2)})` : ''}`
}

function machine({ machine }: Report): string {
  return `${machine.cores} cores of ${machine.cpu}`
}

function settings({ settings }: Report): string {
  const sampling = settings.temperature === 0 ? 'greedy' : `temperature ${settings.temperature}`
  return `${settings.prompts} prompts a task, ${settings.max_tokens} tokens, ${sampling}`
}
