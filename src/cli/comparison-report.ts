import { meanAcceptanceLength } from '../core/stats.ts'
import { type Comparison, findParting } from './comparison.ts'
import type { Paint } from './origin-colors.ts'
import { origins, speed } from './stats-report.ts'

/** Within this distance of 1 two speeds are called the same: machines swing more than that. */
const NOISE = 0.03

/** The comparison as a small table. */
export function comparisonReport(comparison: Comparison, paint: Paint): string {
  const { plain, drafted } = comparison
  const { method, statistics } = drafted.result
  const rows: [string, string][] = [
    ['plain decoding', measured(plain)],
    [method, measured(drafted)],
    ['speed-up', verdict(comparison, paint)],
    ['same text', comparison.equal ? paint.green('yes') : paint.yellow('no')],
    ['tokens by origin', origins(statistics, paint)],
    ['mean acceptance', `${meanAcceptanceLength(statistics).toFixed(2)} tokens per target pass`],
  ]
  const table = rows.map(([name, text]) => `  ${paint.dim(name.padEnd(18))}${text}`)
  const parting = findParting(comparison)
  if (parting) {
    table.push(
      '',
      `  The texts part at token ${parting.token}, after ${parting.before}:`,
      `    plain      ${parting.plain}`,
      `    ${method.padEnd(10)} ${parting.drafted}`,
      '  Passes of another width round differently, which decides near-ties otherwise; see "lossless" in the README.',
    )
  }
  return table.join('\n')
}

function measured({ result }: Comparison['plain']): string {
  return `${speed(result.timings.predictedPerSecond).padStart(11)}   ${result.usage.completionTokens} tokens`
}

function verdict({ speedup, drafted }: Comparison, paint: Paint): string {
  if (speedup === null) return 'unknown: plain decoding wrote nothing'
  const factor = `${speedup.toFixed(2)}x`.padStart(11)
  if (speedup > 1 + NOISE) return `${paint.bold(factor)}   faster than plain decoding`
  if (speedup < 1 - NOISE) return `${paint.bold(factor)}   ${drafted.result.method} was slower here than plain decoding`
  return `${paint.bold(factor)}   no difference worth naming`
}
