// `npm run measurements`: writes the reports of bench/results into docs/measurements.md and README.md.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { filled, markdownReports, newestSummary, portableCommand } from '../dist/bench/markdown.js'
import { reportSchema } from '../dist/bench/report.js'
import { defaultTarget, findEntry } from '../dist/models/catalog.js'
import { ROOT } from './prepare.mjs'

const folder = join(ROOT, 'bench/results')
const names = readdirSync(folder).filter((name) => name.endsWith('.json'))
const reports = new Map(names.sort().map((name) => [name.slice(0, -5), read(name)]))
write('docs/measurements.md', 'results', markdownReports(reports))
const newest = newestSummary(reports, findEntry(defaultTarget).file)
if (newest) write('README.md', 'speed', newest)
console.log(`${reports.size} ${reports.size === 1 ? 'report' : 'reports'} of bench/results`)

/** A report; its command loses the folders of the machine that it ran on. */
function read(name) {
  const file = join(folder, name)
  const report = reportSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  report.command = portableCommand(report.command)
  writeFileSync(file, `${JSON.stringify(report, null, 1)}\n`)
  return report
}

function write(name, place, content) {
  const file = join(ROOT, name)
  writeFileSync(file, filled(readFileSync(file, 'utf8'), place, content))
}
