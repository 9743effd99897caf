import type { StepTrace, TraceNode } from '../../api/types.ts'

/** What became of a proposed token. */
export type Fate = 'accepted' | 'own' | 'refused' | 'unreached'

/** A proposed token and its place, in pixels. */
export interface Placed {
  readonly node: TraceNode
  readonly label: string
  readonly fate: Fate
  readonly x: number
  readonly y: number
  readonly width: number
  /** Where the line from its parent begins. */
  readonly from: { readonly x: number; readonly y: number }
}

export interface TreeLayout {
  readonly nodes: readonly Placed[]
  readonly width: number
  readonly height: number
}

export const BOX = 24
const ROW = 46
const GAP = 18
const LETTER = 7.3
/** Room for the lines of boxes. */
export const EDGE = 2
const MOST_LETTERS = 18

/**
 * Lays a step's tree out: what was written runs to the right, what was refused hangs below. `own` is the text of the token that the
 * target wrote itself, if any.
 */
export function layOut({ tree, accepted }: Pick<StepTrace, 'tree' | 'accepted'>, own?: string): TreeLayout {
  const good = new Set(accepted)
  const children = new Map<number, number[]>()
  const all: TraceNode[] = [...tree]
  if (own !== undefined) all.push({ parent: accepted.at(-1) ?? -1, token: -1, text: own, origin: 'target' })
  const isWritten = (node: number) => good.has(node) || node === tree.length
  all.forEach(({ parent }, node) => {
    const others = children.get(parent) ?? []
    children.set(parent, isWritten(node) ? [node, ...others] : [...others, node])
  })
  const nodes: Placed[] = []
  let row = 0
  let width = 0
  const visit = (parent: number, from: { x: number; y: number }): void => {
    for (const [i, node] of (children.get(parent) ?? []).entries()) {
      if (i > 0) row++
      const one = all[node] as TraceNode
      const label = visible(one.text)
      const box = Math.max(26, label.length * LETTER + 14)
      const [x, y] = [from.x + GAP, row * ROW + BOX / 2 + EDGE]
      const fate: Fate =
        node === tree.length ? 'own' : good.has(node) ? 'accepted' : parent === -1 || good.has(parent) ? 'refused' : 'unreached'
      nodes.push({ node: one, label, fate, x, y, width: box, from })
      width = Math.max(width, x + box)
      visit(node, { x: x + box, y })
    }
  }
  visit(-1, { x: 10, y: BOX / 2 + EDGE })
  return { nodes, width: width + EDGE, height: row * ROW + ROW - 4 }
}

/** A token for the eye: blanks can be seen, long ones are cut. */
export function visible(text: string, most = MOST_LETTERS): string {
  const shown = text.replaceAll('\n', '⏎').replaceAll('\t', '⇥').replaceAll(' ', '·')
  return shown.length > most ? `${shown.slice(0, most - 1)}…` : shown || '∅'
}
