import { median, quantile } from '../core/quantile.ts'
import type { Load } from './serve-load.ts'
import { sum } from './statistics.ts'

/** One concurrency, plain and with speculation. */
export interface ServeRow {
  readonly concurrency: number
  readonly method: 'plain' | 'ouroboros'
  /** All answers together; median of the rounds. */
  readonly tokens_per_second: number
  /** Against plain decoding at the same concurrency, measured right before or after; median of the rounds, and their range. */
  readonly speedup: number
  readonly spread: { min: number; max: number }
  /** Milliseconds to the first text, and per token after it. */
  readonly first_token_ms: { p50: number; p95: number }
  readonly per_token_ms: { p50: number; p95: number }
  /** Texts equal to those of the first plain round: of one request at a time, unless the list of concurrencies begins higher. */
  readonly equal: number
  readonly answers: number
}

/** The same requests without and with speculation, one after the other. */
export interface ServeRound {
  readonly plain: Load
  readonly ouroboros: Load
}

/** The rows of one concurrency. `reference`: the texts that count as equal, in the order of the prompts. */
export function serveRows(concurrency: number, rounds: readonly ServeRound[], reference: readonly string[]): ServeRow[] {
  return (['plain', 'ouroboros'] as const).map((method) => {
    const answers = rounds.flatMap((round) => round[method].answers)
    const speedups = rounds.map((round) => rate(round[method]) / rate(round.plain))
    const percentiles = (values: readonly number[]) => ({ p50: quantile(values, 0.5), p95: quantile(values, 0.95) })
    return {
      concurrency,
      method,
      tokens_per_second: median(rounds.map((round) => rate(round[method]))),
      speedup: median(speedups),
      spread: { min: Math.min(...speedups), max: Math.max(...speedups) },
      first_token_ms: percentiles(answers.map(({ firstMs }) => firstMs)),
      per_token_ms: percentiles(answers.map(({ perTokenMs }) => perTokenMs).filter((ms) => !Number.isNaN(ms))),
      equal: sum(rounds.map((round) => round[method].answers.filter(({ text }, i) => text === reference[i]).length)),
      answers: answers.length,
    }
  })
}

function rate({ answers, seconds }: Load): number {
  return sum(answers.map(({ tokens }) => tokens)) / seconds
}

const TITLES = ['at once', 'method', 'tok/s', 'speed-up', '(min..max)', 'first token ms p50', 'p95', 'ms/token p50', 'p95', 'equal']

/** The rows as a table for people. */
export function serveTable(rows: readonly ServeRow[]): string {
  const cells = rows.map((row) => [
    String(row.concurrency),
    row.method,
    row.tokens_per_second.toFixed(1),
    `${row.speedup.toFixed(2)}x`,
    `(${row.spread.min.toFixed(2)}..${row.spread.max.toFixed(2)})`,
    row.first_token_ms.p50.toFixed(0),
    row.first_token_ms.p95.toFixed(0),
    row.per_token_ms.p50.toFixed(1),
    row.per_token_ms.p95.toFixed(1),
    `${row.equal}/${row.answers}`,
  ])
  const widths = TITLES.map((title, i) => Math.max(title.length, ...cells.map((row) => (row[i] as string).length)))
  const line = (row: readonly string[]) =>
    row.map((cell, i) => (i === 1 ? cell.padEnd(widths[i] as number) : cell.padStart(widths[i] as number))).join('  ')
  return `${[TITLES, ...cells].map(line).join('\n')}\n`
}
