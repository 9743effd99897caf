import type { TraceLine, TraceStep } from '../../api/trace-format.ts'
import type { TraceNode } from '../../api/types.ts'
import { type Paint, paintOrigin } from './origin-colors.ts'

/** Phrases shown per step. */
const MOST_LEARNED = 6

/** One line of a trace as text: a step is its tree, what was emitted, and what was learned. */
export function traceReport(line: TraceLine, paint: Paint): string {
  if (line.type === 'start') {
    return `${line.method}: ${line.target}${line.draft ? ` with drafts by ${line.draft}` : ''}\nprompt ${shown(line.prompt)}\n${paint.dim('marks: + accepted, x tried and refused, . never reached; then the token, who proposed it, and its estimated chance')}\n`
  }
  if (line.type === 'end') {
    const counts = line.statistics
    if (!counts) return `ended (${line.finish})`
    return `ended (${line.finish}) after ${counts.steps} steps: ${counts.targetPasses} target passes, ${counts.draftPasses} draft passes`
  }
  const head = `step ${line.step} at token ${line.before}: ${line.draftPasses} draft passes, ${line.tree.length} proposed, ${line.accepted.length} accepted`
  return [
    paint.bold(head),
    ...treeLines(line, paint),
    `  emitted ${line.emitted.map((one) => paintOrigin(paint, one.origin as TraceNode['origin'], shown(one.text))).join(' ')}`,
    ...learnedLines(line).map((text) => paint.dim(text)),
    ...(line.pool ? [paint.dim(`  pool    ${line.pool.size} phrases, ${line.pool.hits} of ${line.pool.lookups} look-ups found some`)] : []),
    '',
  ].join('\n')
}

/** A phrase is learned under several keys: the longest is shown. Of many, the target's corrections come first. */
function learnedLines({ learned }: TraceStep): string[] {
  const longest = learned.filter(({ key, phrase }, i) => {
    const next = learned[i + 1]
    return !(next && next.phrase === phrase && next.key.endsWith(key))
  })
  const order = longest.sort((a, b) => Number(b.source === 'verification') - Number(a.source === 'verification'))
  const lines = order.slice(0, MOST_LEARNED).map(({ key, phrase, source }) => `  learned  ${shown(key)} -> ${shown(phrase)}  (${source})`)
  return longest.length > MOST_LEARNED ? [...lines, `  learned  ${longest.length - MOST_LEARNED} more`] : lines
}

/** The tree, a node a line; a chain does not indent. */
function treeLines(line: TraceStep, paint: Paint): string[] {
  const accepted = new Set(line.accepted)
  const children = new Map<number, number[]>()
  line.tree.forEach(({ parent }, node) => {
    children.set(parent, [...(children.get(parent) ?? []), node])
  })
  const lines: string[] = []
  const visit = (parent: number, indent: string) => {
    const below = children.get(parent) ?? []
    for (const [i, node] of below.entries()) {
      const one = line.tree[node] as TraceNode
      const mark = accepted.has(node) ? '+' : parent === -1 || accepted.has(parent) ? 'x' : '.'
      const branch = below.length > 1 ? (i === below.length - 1 ? '`- ' : '|- ') : ''
      const chance = one.chance === undefined ? '' : ` ${Math.round(100 * one.chance)}%`
      const from = paint.dim(`${one.source ?? one.origin}${chance}`)
      lines.push(`  ${mark} ${indent}${branch}${paintOrigin(paint, one.origin, shown(one.text))}  ${from}`)
      visit(node, `${indent}${below.length > 1 ? (i === below.length - 1 ? '   ' : '|  ') : ''}`)
    }
  }
  visit(-1, '')
  return lines
}

function shown(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text)
}
