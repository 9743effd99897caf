import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import { theme } from './settings.ts'

export interface ChartProps {
  title: string
  /** What it shows, in words: for who cannot see it, and below it. */
  summary: string
  data: uPlot.AlignedData
  series: (colors: Colors) => uPlot.Series[]
  unit: { x: string; y: string }
  height?: number
  /** Room left and right of the first and last x. */
  pad?: number
}

export interface Colors {
  ink: string
  dim: string
  line: string
  draft: string
  draftTint: string
  phrase: string
  phraseTint: string
}

/** A chart that follows its data, its width and the theme. */
export function Chart({ title, summary, data, series, unit, height = 130, pad = 0 }: ChartProps) {
  const box = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | null>(null)
  useEffect(() => {
    const element = box.current as HTMLDivElement
    const colors = readColors(element)
    const axis = { stroke: colors.dim, font: '11px system-ui', ticks: { show: false }, grid: { stroke: colors.line, width: 1 } }
    const made = new uPlot(
      {
        width: element.clientWidth,
        height,
        legend: { show: false },
        cursor: { show: false },
        scales: {
          x: { time: false, range: (_, low, high) => [low - pad, Math.max(high, low + 1) + pad] },
          y: { range: (_, _low, high) => [0, (high || 1) * 1.1] },
        },
        axes: [
          {
            ...axis,
            size: 26,
            grid: { show: false },
            values: (_, ticks) => ticks.map((tick) => (Number.isInteger(tick) ? `${tick}` : '')),
          },
          { ...axis, size: 40, space: 30 },
        ],
        series: [{}, ...series(colors)],
      },
      data,
      element,
    )
    plot.current = made
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }))
    observer.observe(element)
    return () => {
      observer.disconnect()
      made.destroy()
      plot.current = null
    }
  }, [theme.value])
  useEffect(() => plot.current?.setData(data), [data])
  return (
    <figure class="chart">
      <figcaption>
        <strong>{title}</strong> <span class="dim">{unit.y}</span>
      </figcaption>
      <div ref={box} role="img" aria-label={`${title}: ${summary}`} />
      <p class="axis dim" aria-hidden="true">
        {unit.x}
      </p>
      <p class="hint">{summary}</p>
    </figure>
  )
}

/** The style sheet's colors as they are now. */
function readColors(element: HTMLElement): Colors {
  const probe = element.appendChild(document.createElement('span'))
  const of = (name: string) => {
    probe.style.color = `var(--${name})`
    return getComputedStyle(probe).color
  }
  const colors = {
    ink: of('ink'),
    dim: of('dim'),
    line: of('line'),
    draft: of('draft'),
    draftTint: of('draft-tint'),
    phrase: of('phrase'),
    phraseTint: of('phrase-tint'),
  }
  probe.remove()
  return colors
}
