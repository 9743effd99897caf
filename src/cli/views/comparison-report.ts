import { meanAcceptanceLength } from '../../core/stats.ts'
import { type Comparison, findParting } from './comparison.ts'
import type { Paint } from './origin-colors.ts'
import { origins, speed } from './stats-report.ts'

/** Within this share of each other two speeds are called the same: machines swing more than that. */
const NOISE = 0.03
/** Of the column of speeds, two of them at most. */
const WIDTH = 24

/** The comparison as a small table. */
export function comparisonReport(comparison: Comparison, paint: Paint): string {
  const { plain, drafted, plainSpeeds } = comparison
  const { method, statistics } = drafted.result
  const rows: [string, string][] = [
    ['plain decoding', measured(plainSpeeds.map(speed).join(', '), plain)],
    [method, measured(speed(drafted.result.timings.predictedPerSecond), drafted)],
    ['speed-up', verdict(comparison, paint)],
    ['same text', comparison.equal ? paint.green('yes, byte for byte') : paint.yellow('no')],
    [
      'exact here',
      drafted.result.exact ? 'yes: probed for this file on this machine' : 'no: near-ties may be decided otherwise (--exact says why)',
    ],
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
      '  Passes of another width round differently here, which decides near-ties otherwise: see "Is the text really the same?" in the README.',
    )
  }
  return table.join('\n')
}

function measured(speeds: string, { result }: Comparison['plain']): string {
  return `${speeds.padStart(WIDTH)}   ${result.usage.completionTokens} tokens`
}

/** A method is called faster or slower only beyond what plain decoding itself differed by. */
function verdict({ speedup, plainSpeeds, drafted }: Comparison, paint: Paint): string {
  if (speedup === null) return 'unknown: plain decoding wrote nothing'
  const { method, timings } = drafted.result
  const factor = `${speedup.toFixed(2)}x`.padStart(WIDTH)
  if (timings.predictedPerSecond > Math.max(...plainSpeeds) * (1 + NOISE)) return `${paint.bold(factor)}   faster than plain decoding`
  if (timings.predictedPerSecond < Math.min(...plainSpeeds) * (1 - NOISE))
    return `${paint.bold(factor)}   ${method} was slower here than plain decoding`
  return `${paint.bold(factor)}   no measurable difference`
}
