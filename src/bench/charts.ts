import type * as PlotModule from '@observablehq/plot'
import { OuroborosError } from '../core/errors.ts'
import { COLORS } from './html-style.ts'
import type { Report, ReportRow } from './report.ts'
import { groupBy } from './statistics.ts'

type Plot = typeof PlotModule
type Document = NonNullable<PlotModule.PlotOptions['document']>

/** Room below a chart, and where the axis's name stands in it: under the numbers. */
const MARGIN_BOTTOM = 46
const LABEL = 40

/** Draws a report's charts as SVG. Made by `loadCharts`, because the chart library is installed on demand. */
export class Charts {
  readonly #plot: Plot
  readonly #document: Document
  readonly #methods: readonly string[]

  constructor(plot: Plot, document: Document, methods: readonly string[]) {
    this.#plot = plot
    this.#document = document
    this.#methods = methods
  }

  /** Speed over our plain decoding, a facet per task; one target's rows. Quartiles where that is the rows' own base. */
  speedups(rows: readonly ReportRow[]): string {
    const shown = rows.flatMap(({ method, task, speedup_over_vanilla: speedup, spread, base }) =>
      speedup === null || method === 'vanilla' ? [] : [{ method, task, speedup, ...(base === 'vanilla' && spread) }],
    )
    const methods = this.#methods.filter((method) => shown.some((row) => row.method === method))
    const tasks = [...new Set(shown.map((row) => row.task))]
    const right = (row: (typeof shown)[number]) => Math.max(row.speedup, row.q3 ?? 0)
    const Plot = this.#plot
    return this.#draw({
      marginLeft: 160,
      marginRight: 100,
      height: 64 + tasks.length * (methods.length * 20 + 12),
      x: {
        labelOffset: LABEL,
        label: 'speed over our plain decoding; thin line: the middle half of the prompts',
        grid: true,
        domain: [0, 1.06 * Math.max(1.2, ...shown.map(right))],
      },
      y: { label: null, domain: methods, tickSize: 0 },
      fy: { label: null, domain: tasks, padding: 0.08 },
      color: this.#color,
      marks: [
        Plot.barX(shown, { x: 'speedup', y: 'method', fy: 'task', fill: 'method', rx: 2 }),
        Plot.ruleY(shown, { x1: 'q1', x2: 'q3', y: 'method', fy: 'task', strokeWidth: 1.5 }),
        Plot.text(shown, { x: right, y: 'method', fy: 'task', text: (row) => `${row.speedup.toFixed(2)}x`, dx: 6, textAnchor: 'start' }),
        Plot.ruleX([1], { strokeDasharray: '3 3' }),
      ],
    })
  }

  /** T(n) of target and draft model, relative to one token. */
  costs(limit: NonNullable<Report['limit']>[number]): string {
    const points = (['target', 'draft'] as const).flatMap((model) => {
      const curve = model === 'target' ? limit.target_curve : limit.draft_curve
      return (curve?.widths ?? []).map((width, i) => ({ model, width, ms: 1000 * (curve?.seconds[i] as number) }))
    })
    const Plot = this.#plot
    return this.#draw({
      height: 300,
      marginLeft: 60,
      marginRight: 60,
      x: { labelOffset: LABEL, label: 'tokens in a pass', type: 'log', base: 2, grid: true, tickFormat: 'd' },
      y: { label: 'milliseconds', type: 'log', grid: true, tickFormat: '~s' },
      color: { domain: ['target', 'draft'], range: ['var(--c0)', 'var(--c1)'] },
      marks: [
        Plot.lineY(points, { x: 'width', y: 'ms', stroke: 'model', strokeWidth: 2 }),
        Plot.dot(points, { x: 'width', y: 'ms', fill: 'model', r: 3 }),
        Plot.text(
          points,
          Plot.selectLast({ x: 'width', y: 'ms', z: 'model', text: 'model', dx: 8, textAnchor: 'start', fill: 'currentColor' }),
        ),
      ],
    })
  }

  /** Share of the steps that emitted n tokens, a facet per method; one task. */
  histograms(rows: readonly ReportRow[]): string {
    const drafted = rows.filter((row) => row.acceptance_histogram !== null && row.method !== 'vanilla')
    const bars = drafted.flatMap((row) => {
      const steps = (row.acceptance_histogram ?? []).reduce((sum, count) => sum + count, 0)
      return (row.acceptance_histogram ?? []).slice(1).map((count, i) => ({ method: row.method, length: i + 1, share: count / steps }))
    })
    const longest = Math.max(...bars.filter(({ share }) => share > 0).map(({ length }) => length))
    const shown = bars.filter(({ length }) => length <= longest)
    const Plot = this.#plot
    return this.#draw({
      height: 40 + drafted.length * 76,
      marginLeft: 60,
      marginRight: 130,
      x: { labelOffset: LABEL, label: 'tokens emitted by a step', interval: 1, tickFormat: 'd' },
      y: { label: 'share of steps', tickFormat: '%', ticks: 2, grid: true },
      fy: { label: null, domain: drafted.map((row) => row.method) },
      color: this.#color,
      marks: [Plot.rectY(shown, { x: 'length', y: 'share', fy: 'method', fill: 'method' }), Plot.ruleY([0])],
    })
  }

  /** Speed of each answer against the length of its context. */
  lengths(samples: Report['samples']): string {
    const points = samples.map((one) => ({ ...one, length: one.prompt_tokens + one.tokens }))
    const Plot = this.#plot
    return this.#draw({
      height: 340,
      marginLeft: 50,
      x: { labelOffset: LABEL, label: 'tokens of prompt and answer', grid: true },
      y: { label: 'tokens per second', grid: true, zero: true },
      color: this.#color,
      marks: [Plot.dot(points, { x: 'length', y: 'tokens_per_second', stroke: 'method', r: 3, strokeWidth: 1.5 }), Plot.ruleY([0])],
    })
  }

  /** Color of a method, the same in all charts: a CSS variable, so that light and dark have their own. */
  colorOf(method: string): string {
    return `var(--c${this.#methods.indexOf(method) % COLORS})`
  }

  get #color() {
    return { domain: [...this.#methods], range: this.#methods.map((method) => this.colorOf(method)) }
  }

  #draw(options: PlotModule.PlotOptions): string {
    const figure = this.#plot.plot({
      width: 1040,
      marginBottom: MARGIN_BOTTOM,
      style: { background: 'transparent', fontSize: '12px' },
      document: this.#document,
      ...options,
    })
    // Inside HTML no name space is needed, and a report without addresses is easily seen to load nothing.
    return figure.outerHTML.replaceAll(/ xmlns(:\w+)?="[^"]*"/g, '')
  }
}

/** The charts of this report. Throws `E_LIBRARY` where the chart library is not installed. */
export async function loadCharts(report: Report): Promise<Charts> {
  const { plot, parseHTML } = await requireCharts()
  const methods = [...groupBy(report.rows, (row) => row.method).keys()]
  return new Charts(plot, parseHTML('<!doctype html><html><body></body></html>').document as unknown as Document, methods)
}

/** Optional packages: only who wants charts installs them. Throws `E_LIBRARY` where they are not there. */
export async function requireCharts() {
  try {
    const [plot, { parseHTML }] = await Promise.all([import('@observablehq/plot'), import('linkedom')])
    return { plot, parseHTML }
  } catch (cause) {
    const advice = 'npm install @observablehq/plot linkedom'
    throw new OuroborosError('E_LIBRARY', `--html needs two packages for its charts that are not installed: ${advice}`, { cause })
  }
}
