import { type Charts, loadCharts } from './charts.ts'

import { LEGEND, usedColumns } from './columns.ts'
import { floorLines } from './floor.ts'
import { STYLE } from './html-style.ts'
import type { Report, ReportRow } from './report.ts'
import { groupBy } from './statistics.ts'

/** One HTML file with everything in it: charts as SVG, no script, nothing that is loaded. Throws `E_LIBRARY` without the chart library. */
export async function htmlReport(report: Report): Promise<string> {
  const charts = await loadCharts(report)
  const targets = [...groupBy(report.rows, (row) => row.target)]
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Ouroboros benchmark, ${report.date.slice(0, 10)}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>Ouroboros benchmark</h1>
${report.interrupted ? '<p class="warning">Interrupted: this is what was measured until then.</p>' : ''}
${facts(report)}
</header>
${targets.map(([target, rows]) => targetSection(report, target, rows, charts)).join('\n')}
${projections(report)}
${notes(report)}
</body>
</html>
`
}

function targetSection(report: Report, target: string, rows: readonly ReportRow[], charts: Charts): string {
  const limit = report.limit?.find((one) => one.target === target)
  const samples = report.samples.filter((sample) => sample.target === target)
  const failures = report.failures.filter((failure) => failure.target === target)
  const tasks = [...groupBy(rows, (row) => row.task)]
  const drafted = rows.some((row) => row.method !== 'vanilla' && row.speedup !== null)
  return `<section>
<h2>${text(target)}</h2>
${legend(rows, charts)}
${drafted ? figure('Speed-up per task', charts.speedups(rows)) : ''}
${tasks.map(([task, ones]) => `<h3>${text(task)}</h3>\n${table(ones)}`).join('\n')}
${failures.map(({ method, reason }) => `<p><b>${text(method)}</b> is not measured: ${text(reason)}</p>`).join('\n')}
${limit ? figure(`Cost of a pass: perfect free drafts would give ${limit.speedup.toFixed(2)}x, in passes of ${limit.width} tokens`, charts.costs(limit)) : ''}
${figure('Speed over context length: one mark per answer', charts.lengths(samples))}
${tasks
  .filter(([, ones]) => ones.some((row) => row.acceptance_histogram && row.method !== 'vanilla'))
  .map(([task, ones]) => `<details><summary>Tokens per step, ${text(task)}</summary>${charts.histograms(ones)}</details>`)
  .join('\n')}
</section>`
}

function legend(rows: readonly ReportRow[], charts: Charts): string {
  const methods = [...groupBy(rows, (row) => row.method).keys()]
  const items = methods.map((method) => `<li><i style="background:${charts.colorOf(method)}"></i>${text(method)}</li>`)
  return `<ul class="legend">${items.join('')}</ul>`
}

function facts(report: Report): string {
  const { machine, settings, models, date, command, engine } = report
  const lines: [string, string][] = [
    ['Command', `<code>${text(command)}</code>`],
    ['Date', text(`${date.slice(0, 16).replace('T', ' ')} UTC`)],
    [
      'Machine',
      text(`${machine.cpu} x ${machine.cores}, ${(machine.memory_bytes / 1e9).toFixed(1)} GB, ${machine.platform}, Node ${machine.node}`),
    ],
    ['Engine', text(engine)],
    ...models.map(({ target, description, draft, threads, context, exact }): [string, string] => [
      'Model',
      text(
        `${target}: ${description}; ${draft ? `drafts by ${draft.description}` : 'no draft model'}; ${threads} threads, context ${context}${exact ? ', exact mode' : ''}`,
      ),
    ]),
    [
      'Prompts',
      text(
        `${settings.prompts} a task, ${settings.max_tokens} tokens, temperature ${settings.temperature}, seed ${settings.seed}, repeated ${settings.repeat}x; methods in turn on each prompt`,
      ),
    ],
  ]
  return `<dl>${lines.map(([name, value]) => `<dt>${name}</dt><dd>${value}</dd>`).join('\n')}</dl>`
}

function table(rows: readonly ReportRow[]): string {
  const columns = usedColumns(rows)
  const head = columns.map(({ title }) => `<th>${text(title)}</th>`).join('')
  const body = rows.map((row) => `<tr>${columns.map((column) => `<td>${text(column.text(row))}</td>`).join('')}</tr>`)
  return `<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${body.join('\n')}</tbody></table></div>`
}

function projections({ projected }: Report): string {
  if (projected.length === 0) return ''
  const tables = [...groupBy(projected, (one) => one.hardware)].map(([hardware, all]) => {
    const rows = all.map(
      (one) =>
        `<tr><td>${text(one.target)}</td><td>${text(one.task)}</td><td>${text(one.method)}</td><td>${one.tokens_per_second.toFixed(1)}</td><td>${one.speedup.toFixed(2)}x</td></tr>`,
    )
    return `<h3>${text(hardware)}</h3><div class="scroll"><table><thead><tr><th>target</th><th>task</th><th>method</th><th>tokens/s, projected</th><th>speed-up, projected</th></tr></thead><tbody>${rows.join('\n')}</tbody></table></div>`
  })
  return `<section class="projected"><h2>Projected, not measured</h2><p>The steps recorded above, at the costs that passes would have on other hardware.</p>${tables.join('\n')}</section>`
}

function notes(report: Report): string {
  return `<footer><ul>${[...floorLines(report), ...report.notes, ...LEGEND].map((note) => `<li>${text(note)}</li>`).join('')}</ul></footer>`
}

function figure(caption: string, svg: string): string {
  return `<figure><figcaption>${text(caption)}</figcaption><div class="scroll">${svg}</div></figure>`
}

function text(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
