import type { TraceLine, TraceStart } from '../../api/trace-format.ts'
import type { StepTrace } from '../../api/types.ts'
import type { Origin, PhraseSource } from '../../core/token.ts'
import type { StepBody } from '../response-schemas.ts'
import type { Step } from './step.ts'

/** A recorded answer, ready to be replayed. */
export interface Recording {
  start: TraceStart
  steps: StepBody[]
  finish: string
}

/** Reads what `ouroboros run --trace` or this page wrote. Throws an Error that says which line is wrong. */
export function readTrace(text: string): Recording {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const parsed = lines.map((line, i) => parse(line, i, lines.length))
  const start = parsed[0]
  if (start?.type !== 'start') throw new Error('This is no trace: it does not begin with a start line.')
  const steps = parsed.flatMap((line) => (line?.type === 'step' ? [bodyOf(line)] : []))
  const end = parsed.at(-1)
  return { start, steps, finish: end?.type === 'end' ? end.finish : '' }
}

function parse(line: string, i: number, all: number): TraceLine | undefined {
  try {
    const value = JSON.parse(line) as TraceLine | null
    if (value?.type === 'start' && typeof value.prompt === 'string') return value
    if (value?.type === 'end') return value
    if (value?.type === 'step' && [value.tree, value.accepted, value.learned, value.emitted].every(Array.isArray)) return value
  } catch {
    // A run that was killed leaves half a line at the end.
    if (i === all - 1 && i > 0) return undefined
  }
  throw new Error(`This is no trace: line ${i + 1} is none of run --trace's.`)
}

function bodyOf({ emitted, before, draftPasses, tree, accepted, learned, pool }: Extract<TraceLine, { type: 'step' }>): StepBody {
  const trace = { before, draftPasses, tree, accepted, learned, ...(pool && { pool }) }
  const tokens = emitted.map(({ text, origin, source }) => ({
    text: String(text),
    origin: origin as Origin,
    ...(source && { source: source as PhraseSource }),
  }))
  return {
    text: tokens.map((token) => token.text).join(''),
    tokens,
    widths: { target: tree.length + 1, draft: [] },
    trace: trace as NonNullable<StepBody['trace']>,
  }
}

/** Of a step whose details are not kept. */
const NO_TRACE: StepTrace = { before: 0, draftPasses: 0, tree: [], accepted: [], learned: [] }

/** The same lines for an answer of this page. */
export function writeTrace(start: Omit<TraceStart, 'type' | 'version'>, steps: readonly Step[], finish: string): string {
  const lines: TraceLine[] = [
    { type: 'start', version: 1, ...start },
    ...steps.map(
      ({ trace = NO_TRACE, pieces, number }): TraceLine => ({
        type: 'step',
        step: number,
        ...trace,
        emitted: pieces.map(({ text, origin }) => ({ text, origin })),
      }),
    ),
    { type: 'end', finish },
  ]
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('')
}
