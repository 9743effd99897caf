import { useEffect, useState } from 'preact/hooks'
import uPlot from 'uplot'
import { costOf } from '../../core/cost-curve.ts'
import type { Answer } from './answer.ts'
import { Chart, type Colors } from './chart.tsx'
import { inspected } from './inspection.ts'
import { props } from './server.ts'

/** Charts are drawn this often while an answer is written. */
const EVERY_MS = 250
const WINDOW_MS = 1000
/** Points of a line; more cannot be seen. */
const POINTS = 300

/** The answer that is looked at, in numbers. */
export function ChartsPanel() {
  const answer = inspected.value
  const seen = useSeldom(answer)
  if (!answer || answer.steps.length === 0) return <p class="hint">Ask something: the charts grow with the answer.</p>
  return <Charts key={answer.prompt} answer={answer} seen={seen} />
}

/** Draws again every now and then while the answer grows. */
function useSeldom(answer: Answer | undefined): number {
  const [seen, setSeen] = useState(0)
  const isRunning = answer?.isRunning
  useEffect(() => {
    setSeen((before) => before + 1)
    if (!isRunning) return
    const timer = setInterval(() => setSeen((before) => before + 1), EVERY_MS)
    return () => clearInterval(timer)
  }, [answer, isRunning])
  return seen
}

function Charts({ answer }: { answer: Answer; seen: number }) {
  const speeds = speedLine(answer)
  const pool = poolLine(answer)
  const last = pool[1].at(-1) as number | undefined
  return (
    <div class="charts">
      <Chart
        title="Speed"
        unit={{ x: 'seconds', y: 'tokens per second' }}
        summary={`${answer.speed.toFixed(1)} tokens per second over ${answer.tokens} tokens.`}
        data={speeds}
        series={({ ink }) => [{ stroke: ink, width: 1.5, points: { show: false } }]}
      />
      <Origins answer={answer} />
      <Chart
        title="Tokens per step"
        unit={{ x: 'tokens written by one pass of the target', y: 'steps' }}
        summary={`${answer.acceptance.toFixed(2)} on average; plain decoding has 1.`}
        data={[answer.lengths.map((_, n) => n).slice(1), answer.lengths.slice(1).map(orNothing)]}
        series={(colors) => [bars(colors)]}
        pad={0.6}
      />
      {last !== undefined && (
        <Chart
          title="Phrases known"
          unit={{ x: 'step', y: 'phrases' }}
          summary={`${last.toLocaleString('en')} after ${answer.steps.length} steps.`}
          data={pool}
          series={({ phrase, phraseTint }) => [{ stroke: phrase, width: 1.5, fill: phraseTint, points: { show: false } }]}
        />
      )}
      <Costs answer={answer} />
    </div>
  )
}

/** No bar where there is nothing to show. */
function orNothing(count: number): number | null {
  return count || null
}

function bars({ draft, draftTint }: Colors): uPlot.Series {
  return {
    stroke: draft,
    fill: draftTint,
    width: 1,
    points: { show: false },
    paths: uPlot.paths.bars?.({ size: [0.7, 40] }) as uPlot.Series.PathBuilder,
  }
}

/** Who wrote the tokens: one bar. */
function Origins({ answer: { origins, tokens } }: { answer: Answer }) {
  const parts = (['target', 'draft', 'phrase'] as const).map((origin) => ({
    origin,
    count: origins[origin],
    share: origins[origin] / (tokens || 1),
  }))
  const words = parts.map(({ origin, count, share }) => `${origin} ${count} (${Math.round(share * 100)} %)`).join(', ')
  return (
    <figure class="chart">
      <figcaption>
        <strong>Who wrote it first</strong> <span class="dim">tokens by origin</span>
      </figcaption>
      <div class="origins" role="img" aria-label={words}>
        {parts.map(({ origin, share }) => share > 0 && <span key={origin} class={origin} style={{ flexGrow: share }} />)}
      </div>
      <p class="hint">{words}</p>
    </figure>
  )
}

/** What a pass of the target costs, and how wide the planner made them. */
function Costs({ answer }: { answer: Answer }) {
  const curve = props.value?.costs?.target
  const widths = answer.steps.flatMap(({ width }) => (width ? [width] : []))
  if (!curve || widths.length === 0) return null
  const most = Math.max(16, ...widths)
  const x = Array.from({ length: most }, (_, i) => i + 1)
  const counts = x.map((n) => widths.filter((width) => width === n).length)
  const highest = Math.max(...counts)
  const costs = x.map((n) => costOf(curve, n) * 1000)
  const top = Math.max(...costs)
  const mean = widths.reduce((sum, width) => sum + width, 0) / widths.length
  return (
    <Chart
      title="Cost of a pass, T(n)"
      unit={{ x: 'tokens in the pass; bars: how often chosen', y: 'milliseconds, measured on this machine' }}
      summary={`One token ${costs[0]?.toFixed(1)} ms, ${most} tokens ${costs.at(-1)?.toFixed(1)} ms; chosen: ${mean.toFixed(1)} on average.`}
      data={[x, counts.map((count) => orNothing((count / highest) * top)), costs]}
      series={(colors) => [bars(colors), { stroke: colors.ink, width: 1.5, points: { show: false } }]}
      height={150}
      pad={0.6}
    />
  )
}

/** Tokens per second in the second before each point. */
export function speedLine({ steps }: Answer): [number[], number[]] {
  const [x, y]: [number[], number[]] = [[], []]
  const every = Math.max(1, Math.ceil(steps.length / POINTS))
  let first = 0
  let tokens = 0
  for (const [i, { ms, length }] of steps.entries()) {
    tokens += length
    while (first < i && ms - (steps[first] as { ms: number }).ms > WINDOW_MS) tokens -= (steps[first++] as { length: number }).length
    const span = ms - (steps[first] as { ms: number }).ms
    if (span <= 0 || i % every > 0) continue
    x.push(ms / 1000)
    y.push(((tokens - (steps[first] as { length: number }).length) / span) * 1000)
  }
  return x.length > 0 ? [x, y] : [[0], [0]]
}

function poolLine({ steps }: Answer): [number[], number[]] {
  const every = Math.max(1, Math.ceil(steps.length / POINTS))
  const known = steps.filter(({ pool }, i) => pool !== undefined && (i % every === 0 || i === steps.length - 1))
  return [known.map(({ number }) => number), known.map(({ pool }) => pool as number)]
}
